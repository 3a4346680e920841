import { type CheckpointWeights, type LayerDynamics, measureDynamics } from '../diagnostics/dynamics'
import { readLayerWeight } from '../diagnostics/layer-weight'
import { namedNetwork, readScales } from '../diagnostics/weights-only'
import { getRun } from '../store/runs'
import { storedWeights } from '../store/stored-weights'
import { InputError } from '../tensor/error'
import type { TensorFile } from '../tensor/tensor'
import { chooseNetwork, fileOf } from '../unet/choose-network'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  printResult,
  progressBar,
  text,
} from './command'
import { checkpointsBelow } from './import'
import { isFolder, openCheckpoint, weightsFile, withTensors } from './open'
import { withStore } from './with-store'

export const dynamics: Command = {
  summary: 'tell what moved between the checkpoints of a training, layer by layer',
  help: `usage: dynamics FILE FILE... [--json]
       dynamics FOLDER [--json]
       dynamics --run NAME [--json]

Checkpoints of one student in the order of its training; those of a folder, or of a stored run, ascend by step. Of each binarized
layer, shares from 0 to 1 (in the table in %):
  flips      signs of the first basis that differ from the checkpoint before; chance gives 0.5
  moved      weights whose sign changed at least once over all checkpoints
  repeated   weights whose sign changed between two pairs of neighbours or more; from three checkpoints on
  outside    latent weights beyond [-1, 1], which get no gradient
  near zero  latent weights below 0.1 mean|w| of their output channel
  drift      |sigma - start| / |start| over the channels, against the first checkpoint
Packed checkpoints hold no latent weights; their outside and near zero are null, in the table a dash. One layer is in memory at a
time.

  --run NAME       the checkpoints of a stored run, as far as their weights are stored
${checkpointHelp}; else a table of the layers, most flips first`,
  options: { ...checkpointOptions, run: { type: 'string' } },
  async run(positionals, flags) {
    const name = text(flags, 'run')
    if (name !== undefined && positionals.length > 0)
      throw new InputError({
        ...{ file: positionals[0]!, problem: 'files and --run are given' },
        remedy: 'Give checkpoints, or the name of a stored run.',
      })
    const result = name === undefined ? await ofFiles(positionals, flags) : await ofRun(name)
    printResult(flags, result, describe(result))
    return 0
  },
}

type Result = { checkpoints: { file: string; step: number }[]; layers: LayerDynamics[] }

async function ofRun(name: string): Promise<Result> {
  return withStore(async () => {
    const run = await getRun(name)
    if (!run)
      throw new InputError({
        ...{ file: '--run', item: name, problem: 'there is no such run', code: 'not_found' as const },
        remedy: 'Give the name of a stored run, or checkpoint files.',
      })
    const { checkpoints, without } = await storedWeights(run.id)
    if (without.length > 0)
      console.error(`${name}: the weights of step ${without.join(', ')} are not stored; left out`)
    return measured(checkpoints, name)
  })
}

async function ofFiles(positionals: readonly string[], flags: Flags): Promise<Result> {
  const [only] = positionals
  const folder = only !== undefined && positionals.length === 1 && isFolder(only)
  const paths = folder ? checkpointsBelow(only) : positionals.map(weightsFile)
  return withFiles(paths, async (files) => {
    const checkpoints: CheckpointWeights[] = []
    for (const [i, file] of files.entries()) checkpoints.push(await checkpointIn(file, paths[i]!, flags))
    if (folder) checkpoints.sort((a, b) => a.step - b.step)
    return measured(checkpoints, paths[0] ?? 'FILE')
  })
}

/** Opens all of them for as long as `use` takes. */
async function withFiles<T>(
  paths: readonly string[],
  use: (files: TensorFile[]) => Promise<T>,
  opened: TensorFile[] = [],
): Promise<T> {
  const [path, ...rest] = paths
  return path === undefined
    ? use(opened)
    : withTensors(path, (file) => withFiles(rest, use, [...opened, file]))
}

/** What a file says of its layers; their weights are read again when they are asked for. */
async function checkpointIn(file: TensorFile, path: string, flags: Flags): Promise<CheckpointWeights> {
  const network = await chooseNetwork(file, text(flags, 'network'))
  if (network.unsupported !== null) {
    const { about, manifest, layers, file: bare } = namedNetwork(file, network)
    const byId = new Map(layers.map((layer) => [layer.id, layer]))
    return {
      ...{ step: about.step, name: path, layers: new Map(Object.entries(manifest)) },
      read: async (id) => ({
        precision: manifest[id]!,
        scales: await readScales(id, bare),
        stored: await readLayerWeight(bare, byId.get(id)!, manifest[id]!),
      }),
    }
  }
  const { about, layers, manifest, scales } = (await openCheckpoint(path, flags)).checkpoint
  const bare = fileOf(file, network)
  const byId = new Map(layers.map((layer) => [layer.id, layer]))
  return {
    ...{ step: about.step, name: path, layers: new Map(layers.map(({ id }) => [id, manifest[id]!])) },
    read: async (id) => ({
      precision: manifest[id]!,
      scales: scales.get(id) ?? {},
      stored: await readLayerWeight(bare, byId.get(id)!, manifest[id]!),
    }),
  }
}

async function measured(checkpoints: readonly CheckpointWeights[], file: string): Promise<Result> {
  if (checkpoints.length < 2)
    throw new InputError({
      file,
      problem: `${checkpoints.length === 1 ? 'one checkpoint' : 'no checkpoint'} with weights, two or more are needed`,
      remedy: 'Give the checkpoints of one training in their order.',
    })
  const progress = progressBar('comparing')
  const layers = await measureDynamics(checkpoints, {
    onProgress: (done, total, words) => progress(done / total, words),
  })
  progress(1)
  if (layers.length === 0)
    throw new InputError({
      ...{ file, problem: 'no layer of these checkpoints is binarized' },
      remedy: 'Give the checkpoints of a student.',
    })
  return { checkpoints: checkpoints.map(({ name, step }) => ({ file: name, step })), layers }
}

/** Layers by the flips at the last checkpoint, most first. */
function describe({ checkpoints, layers }: Result): string {
  const steps = checkpoints.map(({ step }) => step)
  const last = ({ moments }: LayerDynamics) => moments.at(-1)!
  const rows = layers.toSorted((a, b) => (last(b).flips?.first ?? 0) - (last(a).flips?.first ?? 0))
  const width = Math.max(...layers.map(({ layer }) => layer.length))
  const flipColumns = steps.slice(1).map((step) => `to ${step}`)
  const head = [...flipColumns, 'moved', 'repeated', 'outside', 'near zero', 'drift s1', 'drift s2']
  const cells = (row: LayerDynamics) => {
    const { latent, drift } = last(row)
    const flips = steps.slice(1).map((step) => row.moments.find((m) => m.step === step)?.flips?.first)
    return [...flips, row.moved, row.repeated, latent?.outside, latent?.nearZero, drift.sigma1, drift.sigma2]
  }
  return [
    `${layers.length} binarized layers at steps ${steps.join(', ')}: flips from one to the next, then moved, latent weights and drift at the last, %`,
    `${'layer'.padEnd(width)} ${head.map((name) => name.padStart(columnWidth)).join(' ')}`,
    ...rows.map((row) => `${row.layer.padEnd(width)} ${cells(row).map(percent).join(' ')}`),
  ].join('\n')
}

const columnWidth = 9

function percent(share: number | null | undefined): string {
  return (share === null || share === undefined ? '-' : (100 * share).toFixed(2)).padStart(columnWidth)
}
