/**
 * Everything an audit can find, by its code. What of it the released BinaryDM code does (Xingyu-Zheng/BinaryDM, May 2024),
 * and where it shows:
 *
 *  1 LRM on the width of the features     never saved; certain from the family: released-lrm-width. Axes that are saved: lrm-axes-wrong
 *  2 alpha of the last batch, not learned alpha-batch-statistic
 *  3 8 bits, whatever was meant           bits-unstated, with what the time embedding's range says
 *  4 sign(0) = 0                          weight-exact-zero
 *  5 STE mutates its gradient in place    leaves no trace in a file, and no harm; its window: weight-outside-window
 *  6 scales overwritten on loading        reload-loses-scales, with the damage computed; once it happened: scales-reinitialised
 *  7 five progressive groups, not 13      over after five batches: shows only in files of these, as sigma1-random-start
 *  8 first, last and time layers float    kept-in-float
 *  9 imports of files that are not there  nothing in a file shows it
 * 10 block rule fit for 12+12 blocks only two-bases-one-sided
 * 11 groups and dilation ignored          no U-Net here uses either; a bias is always there, as in these networks anyway
 * 12 EBB not released                     nothing to find; Signscope's own EBB: ebb-basis-kept
 */
import type { Evidence, Finding, Severity } from '../../record/audit'

type Kind = { severity: Severity; title: string; remedy: string }

const retrain = 'Train it again from a checkpoint before this one.'

export const findingKinds = {
  'not-finite': {
    severity: 'fault',
    title: 'NaN or infinite',
    remedy:
      'The training diverged: go back to an earlier checkpoint, and lower the learning rate or clip gradients.',
  },
  'nothing-binarized': {
    severity: 'fault',
    title: 'nothing is binarized',
    remedy:
      'The file is called a student and runs in full precision: switch the binary path on before training, or give the right file.',
  },
  'layer-in-float': {
    severity: 'warning',
    title: 'full precision inside',
    remedy:
      'Only the first and last convolution and the time MLP are usually kept: binarize it, or say why not.',
  },
  'progressive-unfinished': {
    severity: 'note',
    title: 'not binary yet',
    remedy: 'Progressive initialisation is under way: look at a later checkpoint.',
  },
  'edge-binarized': {
    severity: 'note',
    title: 'binarized at the edge',
    remedy: 'BinaryDM keeps this layer at 8 bits or more; binarizing it usually costs more than it saves.',
  },
  'kept-in-float': {
    severity: 'note',
    title: 'kept in float32',
    remedy: 'The paper counts these layers at 8 bits (appendix B.1): compare sizes with that in mind.',
  },
  'scale-missing': {
    severity: 'fault',
    title: 'scale missing',
    remedy:
      'The layer is declared binarized and has no scale to run with: export the student again with its scales.',
  },
  'sigma1-random-start': {
    severity: 'fault',
    title: 'never binarized',
    remedy:
      'The layer never ran its binary path, its scale is still the random start: train until every group is switched on, or declare it full precision.',
  },
  'second-basis-missing': {
    severity: 'fault',
    title: 'σ2 missing',
    remedy: 'Declare one basis if the second was dropped, else export the student again with sigma2.',
  },
  'second-basis-zero': {
    severity: 'fault',
    title: 'σ2 is 0',
    remedy: 'The second basis adds nothing: declare one basis, or train from a sigma2 of mean|residual|.',
  },
  'second-basis-random-start': {
    severity: 'fault',
    title: 'σ2 never trained',
    remedy: 'Initialise sigma2 to mean|residual| and train on, or declare one basis.',
  },
  'basis-undeclared': {
    severity: 'warning',
    title: 'basis not declared',
    remedy:
      'Declare as many bases as the layer has scales for (BinaryDM: order): as declared, a trained basis is left out.',
  },
  'ebb-basis-kept': {
    severity: 'warning',
    title: 'σ2 after the transition',
    remedy: 'After the transition EBB has one basis: remove sigma2 from the file, or declare two bases.',
  },
  'second-scales-unused': {
    severity: 'note',
    title: 'unused σ2',
    remedy:
      'Nothing to do: released BinaryDM saves a second scale for every layer. Leave them out of size counts.',
  },
  'sigma1-negative': {
    severity: 'warning',
    title: 'σ1 negative',
    remedy:
      'These channels run with all signs turned: keep scales positive (clamp, or learn their logarithm).',
  },
  'sigma2-negative': {
    severity: 'warning',
    title: 'σ2 negative',
    remedy: 'In these channels the second basis moves away from the weights: keep scales positive.',
  },
  'scales-reinitialised': {
    severity: 'fault',
    title: 'scales overwritten',
    remedy:
      'The scales are the means of the weights again although the weights were trained: a loader re-initialised them. Set its "initialised" flag before the first forward pass and export again.',
  },
  'scale-at-mean': {
    severity: 'warning',
    title: 'σ1 not learned',
    remedy: 'The scale of this layer is still mean|W|: check that the optimizer holds it.',
  },
  'scales-at-start': {
    severity: 'note',
    title: 'scales at their start',
    remedy: 'Nothing to do before training: scales start at the means of the weights.',
  },
  'scales-unchecked': {
    severity: 'note',
    title: 'no latent weights',
    remedy:
      'The file holds signs only, so scales cannot be compared with mean|W|: audit the checkpoint it was packed from.',
  },
  'reload-loses-scales': {
    severity: 'warning',
    title: 'reload loses scales',
    remedy:
      'Released BinaryDM overwrites both scales at the first forward pass after loading: set init_scale to True on every layer after load_state_dict, or use the scales as stored (what Signscope does).',
  },
  'two-bases-one-sided': {
    severity: 'warning',
    title: 'second bases on one side',
    remedy:
      'LMB puts second bases in head and tail: choose the order by resolution, not by block index (the released rule index//3 fits 12+12 blocks only).',
  },
  'alpha-missing': {
    severity: 'fault',
    title: 'α missing',
    remedy: 'The input is declared quantized and has no step: export the student again with its steps.',
  },
  'alpha-unusable': {
    severity: 'fault',
    title: 'α unusable',
    remedy:
      'No input can be quantized with this step: it is uninitialised memory or diverged. Run a batch through the network before saving, or train again.',
  },
  'alpha-batch-statistic': {
    severity: 'fault',
    title: 'α not learned',
    remedy:
      'The steps follow the last batch, so outputs depend on what else is in a batch: test the flag that is set (released BinaryDM tests init_scale and sets init_state), set alpha once and learn it. Until then use the steps as stored.',
  },
  'alpha-at-start': {
    severity: 'note',
    title: 'α at its start',
    remedy: 'Nothing to do before training: steps start from the first batch.',
  },
  'alpha-unused': {
    severity: 'note',
    title: 'unused α',
    remedy: 'Nothing to do: these inputs are not quantized, and their steps are never read.',
  },
  'ema-alpha-contaminated': {
    severity: 'fault',
    title: 'EMA α contaminated',
    remedy:
      'Use the raw weights of this file. The average started from uninitialised memory: initialise alpha before the EMA copy is made.',
  },
  'ema-copy-contaminated': {
    severity: 'warning',
    title: 'its EMA is unusable',
    remedy:
      'Stay with the raw weights: the EMA copy in this file holds steps that started from uninitialised memory.',
  },
  'bits-unstated': {
    severity: 'note',
    title: 'bits not in the file',
    remedy: 'Say how many bits inputs have (a manifest beside the file): 4 and 8 give different outputs.',
  },
  'bits-contradicted': {
    severity: 'warning',
    title: 'bits contradict α',
    remedy: 'Check the bits the student was trained with: its steps fit the other number.',
  },
  'channel-dead': {
    severity: 'warning',
    title: 'dead channels',
    remedy: 'The weights in use of these output channels are all 0: they compute their bias only.',
  },
  'channel-constant': {
    severity: 'warning',
    title: 'constant channels',
    remedy:
      'All weights in use of these output channels are equal, so they see nothing but the mean of their input.',
  },
  'weight-exact-zero': {
    severity: 'note',
    title: 'weights exactly 0',
    remedy:
      'The code of released BinaryDM gives them sign 0, a third level that no bit holds (its files are read so); elsewhere sign(0) is +1.',
  },
  'weight-outside-window': {
    severity: 'warning',
    title: 'outside [−1, 1]',
    remedy: 'The straight-through estimator gives these weights no gradient: clip latent weights to [−1, 1].',
  },
  'time-blind-network': {
    severity: 'fault',
    title: 'blind to t',
    remedy:
      'Use fewer norm groups than channels (norm_num_groups, or more channels): with one channel per group the norm removes what the time projection adds.',
  },
  'time-blind-block': {
    severity: 'warning',
    title: 'blind to t',
    remedy:
      'Use fewer norm groups than channels in this block: its norm removes what the time projection adds.',
  },
  'lrm-axes-missing': {
    severity: 'warning',
    title: 'LRM axes missing',
    remedy:
      'It was trained with LRM, and the axes it aimed at are not in the file: alignment uses freshly fitted ones.',
  },
  'lrm-axes-wrong': {
    severity: 'warning',
    title: 'LRM on the wrong axis',
    remedy: 'Project channels: move them to the last axis before flattening (NCHW to NHWC).',
  },
  'released-lrm-width': {
    severity: 'note',
    title: 'LRM over width',
    remedy:
      'Released BinaryDM projects the width of the features, not their channels: its LRM is not the paper’s.',
  },
  'packed-source-unknown': {
    severity: 'warning',
    title: 'source unknown',
    remedy: 'Pack it again from the checkpoint, so that the file names what it was made from.',
  },
  'teacher-missing': {
    severity: 'note',
    title: 'no teacher',
    remedy: 'Give the teacher (--fp FILE) to see whether the student was trained at all.',
  },
  'student-equals-teacher': {
    severity: 'fault',
    title: 'not trained',
    remedy: `The weights are the teacher’s own, bit for bit: the optimizer never moved them. ${retrain}`,
  },
  'student-at-start': {
    severity: 'note',
    title: 'not trained yet',
    remedy: 'Nothing to do at step 0: the student starts from its teacher.',
  },
  'signs-equal-teacher': {
    severity: 'warning',
    title: 'no sign moved',
    remedy: 'Training has not flipped a single sign: raise the learning rate of the weights or train longer.',
  },
  'layer-untrained': {
    severity: 'warning',
    title: 'layer not trained',
    remedy:
      'Its weights are the teacher’s own while others moved: check that it is in the optimizer and gets gradients.',
  },
} as const satisfies Record<string, Kind>

export type FindingCode = keyof typeof findingKinds

/** A finding of a kind. `layer` null: the whole network. */
export function found(code: FindingCode, layer: string | null, what: string, evidence: Evidence[]): Finding {
  const { severity, title, remedy } = findingKinds[code]
  return { layer, code, severity, title, what, evidence, remedy }
}

/** A number with its unit; values JSON cannot carry are written out. */
export function number(name: string, value: number, unit = ''): Evidence {
  return { name, value: Number.isFinite(value) ? value : String(value), unit }
}

/** A share 0 to 1, as per cent. */
export function percent(name: string, share: number): Evidence {
  return number(name, share * 100, '%')
}
