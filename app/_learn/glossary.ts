/**
 * What the pages talk about: every measure they show and every part of BinaryDM, once. Names are those of the pages; formulas
 * are in the notation of formula.tsx. a is the teacher's output, b the student's; w a latent weight, w_b what it becomes.
 */
import { deadShare, nearZeroShare } from '../../lib/diagnostics/bases'
import { gaussianFit } from '../../lib/diagnostics/basis-fit'
import { ebbTau } from '../../lib/quant/ebb'
import { basisYardsticks } from '../_charts/basis-yardsticks'
import { partingDb } from '../_views/run-finding'

export const groups = {
  weights: {
    title: 'One bit for a weight',
    intro: 'What a weight keeps, and how it is trained although a sign has no slope.',
  },
  bases: {
    title: 'How well the bases hold the weights',
    intro: 'Measures of the weights alone: no image is drawn for them.',
  },
  inputs: { title: 'Four bits for an input', intro: 'The other half of W1A4: the values a layer reads.' },
  mimicking: {
    title: 'Mimicking the teacher’s representation',
    intro: 'The student is asked to agree with the teacher where the teacher’s features live.',
  },
  training: {
    title: 'Turning binary step by step',
    intro: 'How training begins, and what moves while it goes on.',
  },
  errors: {
    title: 'Errors over timesteps',
    intro: 'Teacher and student get the same noisy image at every timestep; their outputs are compared.',
  },
  samples: {
    title: 'What is drawn',
    intro: 'Images of the student against the teacher’s, and against real ones.',
  },
  cost: {
    title: 'What it costs',
    intro: 'Counted from the list of layers. A ratio means nothing without its convention.',
  },
} as const
export type GroupId = keyof typeof groups

export const pictureNames = ['weights', 'ste', 'ebb', 'lsq', 'lrm', 'progressive', 'error'] as const
export type PictureName = (typeof pictureNames)[number]

export type Term = {
  name: string
  group: GroupId
  /** Plain sentences. */
  text: string
  formula?: string
  /** Of a measure: which direction is better, null for neither. */
  better?: 'up' | 'down' | null
  unit?: string
  /** Where it comes from. */
  source?: string
  picture?: PictureName
}

const sqnrOf = (bases: 1 | 2) => (-10 * Math.log10(gaussianFit[bases].residualEnergy)).toFixed(1)
const energyOf = (bases: 1 | 2) => `${(100 * gaussianFit[bases].residualEnergy).toFixed(0)} %`
const ratios = basisYardsticks.map(({ name, ratio }) => `${name} ${ratio.toFixed(3)}`).join(', ')

const v5 = 'BinaryDM (arXiv 2404.05662v5)'
const v1 = 'BinaryDM, first version (arXiv 2404.05662v1)'

export const terms = {
  w1a4: {
    name: 'W1A4',
    group: 'weights',
    text: 'One bit for a weight, four for an input value of a layer. The first and last convolution and the time embedding are kept in full precision.',
    source: `${v5}, appendix B.1`,
  },
  latent: {
    name: 'latent weights',
    group: 'weights',
    text: 'The float weights that training moves. The network computes with their signs and scales only, so a packed file does without them.',
    formula: 'w',
  },
  sign: {
    name: 'sign, one basis',
    group: 'weights',
    text: 'Each weight keeps its sign, and one learned scale per output channel stands for all sizes. sign(0) is +1, so that a sign is one bit. This is the baseline.',
    formula: 'w_b = σ_1 sign(w)',
    source: `${v5}, section 3.1`,
    picture: 'weights',
  },
  lmb: {
    name: 'LMB, two bases',
    group: 'weights',
    text: 'Learnable Multi-basis Binarizer: what the first basis leaves over is binarized again, with a smaller scale. Two bits and two learned scales give four levels. Blocks near input and output have them, where the image is large.',
    formula: 'w_b = σ_1 sign(w) + σ_2 sign(w − σ_1 sign(w))',
    source: `${v5}, Eq. 5`,
    picture: 'weights',
  },
  scales: {
    name: 'σ1, σ2',
    group: 'weights',
    text: 'The scales of the two bases, one of each per output channel. They start at the mean size of the weights and of what is left of them, and are then learned. (The paper writes a norm over n; with the mean the residual is matched, and the released code takes it.)',
    formula: 'σ_1 = "mean" |w| , σ_2 = "mean" |w − σ_1 sign(w)|',
    source: `${v5}, section 3.2`,
  },
  ratio: {
    name: 'σ2/σ1',
    group: 'weights',
    text: `How large the second basis is against the first. Near 0 it is off. What weights of a known shape start with: ${ratios}.`,
    formula: '{σ_2} // {σ_1}',
    better: null,
  },
  ste: {
    name: 'straight-through estimator',
    group: 'weights',
    text: 'The slope of sign is 0 everywhere, so training takes another in its place: 1 where |w| ≤ 1, else 0. A latent weight beyond that window gets no gradient and is stuck.',
    formula: '{∂ sign(w)} // {∂ w} ≔ 1 "if" |w| ≤ 1, "else" 0',
    source: `${v5}, section 3.1`,
    picture: 'ste',
  },
  ebb: {
    name: 'EBB',
    group: 'weights',
    text: 'Evolvable-Basis Binarizer: trained as LMB at first, while a penalty draws σ2 to zero; at the transition the second basis is dropped, and one bit is left. Cheaper than LMB, if the second basis has become small by then.',
    formula: `L_EBB = τ {1} // {N} Σ_i σ_{2, i} , τ = ${ebbTau}`,
    source: `${v5}, Eq. 9 and 10`,
    picture: 'ebb',
  },

  weightsSqnr: {
    name: 'weights SQNR',
    group: 'bases',
    text: `How well the bases hold the latent weights. Gaussian weights: ${sqnrOf(1)} dB with one basis, ${sqnrOf(2)} dB with two.`,
    formula: '10 log_10 {Σ w^2} // {Σ (w − w_b)^2}',
    better: 'up',
    unit: 'dB',
  },
  againstTeacher: {
    name: 'SQNR against the teacher’s weights',
    group: 'bases',
    text: 'The same against the weights of the teacher’s layer: how far training has gone from them.',
    formula: '10 log_10 {Σ w_t^2} // {Σ (w_t − w_b)^2}',
    better: 'up',
    unit: 'dB',
  },
  residualEnergy: {
    name: 'residual energy',
    group: 'bases',
    text: `Share of the energy of the weights that the bases do not hold; above 100 % they are worse than zeros. Gaussian weights: ${energyOf(1)} with one basis, ${energyOf(2)} with two.`,
    formula: '{Σ (w − w_b)^2} // {Σ w^2}',
    better: 'down',
  },
  bestScales: {
    name: 'SQNR with the best scales',
    group: 'bases',
    text: 'What the signs in use could hold if the scales were those of least squares, channel by channel.',
    formula: '"max over" σ_1, σ_2 "of" 10 log_10 {Σ w^2} // {Σ (w − w_b)^2}',
    better: 'up',
    unit: 'dB',
  },
  bestBases: {
    name: 'SQNR with the best bases',
    group: 'bases',
    text: 'What as many bases could hold at most, with the best signs and scales there are.',
    formula: '"max over signs and scales of" 10 log_10 {Σ w^2} // {Σ (w − w_b)^2}',
    better: 'up',
    unit: 'dB',
  },
  left: {
    name: 'left on the table',
    group: 'bases',
    text: 'What better scales, or better scales and signs, would gain; 0 is nothing. Learned scales serve the loss and not the weights, so a little is normal; a channel far out is not.',
    formula: '"SQNR with the best" − "SQNR in use"',
    better: 'down',
    unit: 'dB',
  },
  balance: {
    name: 'balance of the signs',
    group: 'bases',
    text: 'Share of +1 among the signs of an output channel. 50 % is best: a channel of equal signs sees only the sum of its inputs.',
    formula: 'p = {"number of +1"} // n',
    better: null,
  },
  entropy: {
    name: 'entropy of the signs',
    group: 'bases',
    text: 'Bits that a sign of the channel tells: 1 if both are as frequent, 0 if all are alike.',
    formula: '− p log_2 p − (1 − p) log_2 (1 − p)',
    better: 'up',
    unit: 'bits',
  },
  dead: {
    name: 'dead channels',
    group: 'bases',
    text: 'Output channels whose scales are next to nothing against those of the layer’s strongest channel.',
    formula: `|σ_1| + |σ_2| < ${100 * deadShare} % "of the layer’s largest"`,
    better: 'down',
  },
  flips: {
    name: 'flips',
    group: 'bases',
    text: 'Share of the signs unlike those of the teacher’s weights; in curves over training, unlike those at the checkpoint before. Chance gives 50 %.',
    formula: '{"number of" w "with" sign(w_b) ≠ sign(w_t)} // n',
    better: 'down',
  },
  std: {
    name: 'standard deviation of the weights',
    group: 'bases',
    text: 'How wide the weights spread around their mean.',
    formula: '√{"mean" (w − "mean" w)^2}',
    better: null,
  },
  kurtosis: {
    name: 'kurtosis',
    group: 'bases',
    text: 'How heavy the tails of the weights are: 3 for a Gaussian, more with a few large weights. Heavy tails are hard on sign bases.',
    formula: '{"mean" (w − "mean" w)^4} // {std^4}',
    better: null,
  },

  lsq: {
    name: 'LSQ',
    group: 'inputs',
    text: 'Learned step size quantization: an input value becomes one of 16 multiples of the step α. One step serves a whole layer and every timestep; halves round to even.',
    formula: 'x_q = α round(clamp({x} // {α}, −8, 7))',
    source: 'Esser et al., ICLR 2020; as used by BinaryDM',
    picture: 'lsq',
  },
  alpha: {
    name: 'α, the step',
    group: 'inputs',
    text: 'Set once from the first batch, then learned. Too small and values are clipped at the ends, too large and they share few codes.',
    formula: 'α_0 = {2 "mean" |x|} // {√{7}}',
    better: null,
    source: 'Esser et al., ICLR 2020',
  },
  codes: {
    name: 'codes in use',
    group: 'inputs',
    text: 'Which of the 16 codes the input of a layer falls on, as shares of its values.',
    formula: 'round({x} // {α}) ∈ [−8, 7]',
    better: null,
  },
  clipped: {
    name: 'clipped',
    group: 'inputs',
    text: 'Share of the input beyond the ends of the grid, which is cut down to −8α or 7α.',
    formula: '{"number of" x < −8 α "or" x > 7 α} // n',
    better: 'down',
  },

  lrm: {
    name: 'LRM',
    group: 'mimicking',
    text: 'Low-rank Representation Mimicking: the features of a module are projected on the teacher’s leading axes, where most of their energy is, and only there the student is held to them. What it does elsewhere is not asked. F are features of the teacher, G of the student, E the axes of M modules.',
    formula: 'L_LRM = {λ} // {M} {Σ}_m "mean" (F_m E_m − G_m E_m)^2 , λ = 0.0001',
    source: `${v5}, Eq. 11–15`,
    picture: 'lrm',
  },
  axes: {
    name: 'principal axes',
    group: 'mimicking',
    text: 'The directions E in which the teacher’s features have most energy: eigenvectors of their second moment over channels, not centred, the largest first. A quarter of them is kept, from one batch, and they then stay as they are.',
    formula: '{1} // {n} F^T F E = E Λ',
    source: `${v5}, Eq. 11 and 12`,
  },
  lrmLoss: {
    name: 'LRM loss',
    group: 'mimicking',
    text: 'The mean square difference on the axes kept, before its weight λ. It is a mean over few strong axes, so it is no plain MSE and grows as the rank falls: compare it at equal rank only.',
    formula: '"mean" (F E − G E)^2',
    better: 'down',
    source: `${v5}, Eq. 13 and 14`,
  },
  energy: {
    name: 'energy on these axes',
    group: 'mimicking',
    text: 'Share of a network’s energy that lies on the axes kept. Much less in the student than in the teacher: it has gone elsewhere.',
    formula: '{|F E|^2} // {|F|^2}',
    better: null,
  },
  angles: {
    name: 'principal angles',
    group: 'mimicking',
    text: 'Between the leading axes of teacher and student: 0° the same subspace, 90° a direction the student lacks.',
    formula: 'arccos "of the singular values of" E_t^T E_s',
    better: 'down',
    unit: 'degrees',
    source: 'Björck and Golub 1973',
  },
  lowrank: {
    name: 'low-rank cosine',
    group: 'mimicking',
    text: 'Cosine of both networks’ outputs after projection on the teacher’s leading axes. Below the plain cosine: the error is where the teacher’s features are strong.',
    formula: '{⟨a E, b E⟩} // {|a E| |b E|}',
    better: 'up',
  },

  progressive: {
    name: 'progressive initialisation',
    group: 'training',
    text: 'Training begins with one binary module, the middle one; its neighbours follow, one pair at each iteration. So no layer has to make up for all the others at once. Only the first version of the paper has it.',
    formula: '"module" m "turns at iteration" |m − ⌊{M} // {2}⌋|',
    source: v1,
    picture: 'progressive',
  },
  repeated: {
    name: 'repeated flips',
    group: 'training',
    text: 'Share of the weights whose sign changed between two pairs of neighbouring checkpoints or more: they go to and fro instead of deciding.',
    formula: '{"number of weights that flipped twice or more"} // n',
    better: 'down',
  },
  outside: {
    name: '|w| > 1',
    group: 'training',
    text: 'Latent weights outside the straight-through window: no gradient reaches them.',
    formula: '{"number of" |w| > 1} // n',
    better: 'down',
  },
  nearZero: {
    name: 'near zero',
    group: 'training',
    text: 'Latent weights that may flip next. Gaussian weights: 6.4 %.',
    formula: `{"number of" |w| < ${nearZeroShare} "mean" |w|} // n`,
    better: null,
  },
  drift: {
    name: 'drift',
    group: 'training',
    text: 'How far the scales of a layer have gone from their start, the first checkpoint with the basis.',
    formula: '{‖σ − σ_start‖} // {‖σ_start‖}',
    better: null,
  },

  timestep: {
    name: 'timestep t',
    group: 'errors',
    text: 'From 1000, pure noise, to 0, the image. Sampling runs that way, and so do the charts. x_t is the noisy image at t; the network predicts the noise ε in it.',
    formula: 'x_t = √{ᾱ_t} x_0 + √{1 − ᾱ_t} ε',
  },
  sqnr: {
    name: 'SQNR',
    group: 'errors',
    text: 'Signal-to-quantization-noise ratio: how large the teacher’s output is against the student’s error. 0 dB is an error as large as the signal; 20 dB is one tenth. “Exact” means equal within float32.',
    formula: '10 log_10 {Σ a^2} // {Σ (a − b)^2}',
    better: 'up',
    unit: 'dB',
    source: 'As in PyTorch’s Numeric Suite',
    picture: 'error',
  },
  cosine: {
    name: 'cosine',
    group: 'errors',
    text: 'Whether two outputs point the same way, whatever their sizes: 1 the same direction, 0 nothing in common.',
    formula: '{⟨a, b⟩} // {|a| |b|}',
    better: 'up',
    picture: 'error',
  },
  normalizedL2: {
    name: 'normalised L2',
    group: 'errors',
    text: 'Length of the error against the length of the teacher’s output; 1 is 0 dB.',
    formula: '{|a − b|} // {|a|}',
    better: 'down',
    picture: 'error',
  },
  mse: {
    name: 'MSE',
    group: 'errors',
    text: 'Mean square error. It grows with the size of the output, so compare it within a layer only.',
    formula: '"mean" (a − b)^2',
    better: 'down',
    picture: 'error',
  },
  maxAbs: {
    name: 'largest error',
    group: 'errors',
    text: 'The one output value that is furthest off.',
    formula: 'max |a − b|',
    better: 'down',
    picture: 'error',
  },
  p99Abs: {
    name: '99th percentile',
    group: 'errors',
    text: 'Of 100 output values 99 are less far off than this.',
    formula: '"99th percentile of" |a − b|',
    better: 'down',
  },
  kl: {
    name: 'KL of histograms',
    group: 'errors',
    text: 'How unlike the distributions of the two outputs are, in 64 bins; blind to where in the image the values are.',
    formula: 'Σ p ln {p} // {q}',
    better: 'down',
    unit: 'nats',
  },
  cka: {
    name: 'linear CKA',
    group: 'errors',
    text: 'Whether two sets of features tell positions apart in the same way, whatever their rotation and size; 1 is alike.',
    formula: '{|Y^T X|^2} // {|X^T X| |Y^T Y|}',
    better: 'up',
    source: 'Kornblith et al. 2019',
  },
  accumulated: {
    name: 'accumulated',
    group: 'errors',
    text: 'The error of a layer when both networks run freely from the same x_t: what it does wrong itself, and what comes in with its input.',
    formula: 'b = "student’s layer on the student’s input"',
  },
  local: {
    name: 'local',
    group: 'errors',
    text: 'The error the layer makes itself: the student’s layer on the teacher’s input.',
    formula: 'b = "student’s layer on the teacher’s input"',
  },
  inherited: {
    name: 'inherited',
    group: 'errors',
    text: 'What the error of its input costs a layer; 0 is nothing.',
    formula: '"accumulated" − "local"',
    unit: 'dB',
  },
  apart: {
    name: 'weights only, input only',
    group: 'errors',
    text: 'Local errors with one of the two quantized: weights only is W1A32, input only W32A4. The lower curve is the one to blame.',
  },
  parts: {
    name: 'parts',
    group: 'errors',
    text: `The student parts from its teacher at the first timestep from which its output stays below ${partingDb} dB.`,
    formula: `"SQNR" < ${partingDb} "dB from this" t "on"`,
  },
  standsOut: {
    name: 'stands out',
    group: 'errors',
    text: 'How far the worst layer of its kind is from the next, measure by measure. 1 is as far out as another layer; from 2 on look at it first.',
    formula: '{"value" − "median"} // {"next worst" − "median"}',
    better: 'down',
  },

  outputSqnr: {
    name: 'output SQNR',
    group: 'samples',
    text: 'SQNR of the noise the whole network predicts, against the teacher’s, mean over timesteps: one number for a checkpoint.',
    formula: '"mean over" t "of" 10 log_10 {Σ ε_t^2} // {Σ (ε_t − ε_s)^2}',
    better: 'up',
    unit: 'dB',
  },
  sampleCosine: {
    name: 'sample cosine',
    group: 'samples',
    text: 'Cosine of each image with the one the teacher draws from the same noise, mean over images.',
    formula: '"mean of" {⟨a, b⟩} // {|a| |b|}',
    better: 'up',
  },
  ssim: {
    name: 'SSIM',
    group: 'samples',
    text: 'Structural similarity with the teacher’s image from the same noise: brightness, contrast and structure of small windows.',
    formula: '{(2 μ_a μ_b + c_1) (2 s_ab + c_2)} // {(μ_a^2 + μ_b^2 + c_1) (s_a^2 + s_b^2 + c_2)}',
    better: 'up',
    source: 'Wang et al. 2004',
  },
  psnr: {
    name: 'PSNR',
    group: 'samples',
    text: 'The range of pixel values against the error, for the image the teacher draws from the same noise.',
    formula: '10 log_10 {"range"^2} // {"MSE"}',
    better: 'up',
    unit: 'dB',
  },
  agreement: {
    name: 'same class',
    group: 'samples',
    text: 'Share of the images that a small classifier takes for the same thing as the teacher’s.',
    better: 'up',
    formula: '{"number of same class"} // n',
  },
  frechet: {
    name: 'Frechet distance',
    group: 'samples',
    text: 'Between Gaussians fitted to features of the samples and of real images, by a small classifier trained here. Not an FID, and comparable at equal numbers of images only.',
    formula: '|μ_1 − μ_2|^2 + tr(C_1 + C_2 − 2 √{C_1 C_2})',
    better: 'down',
    source: 'Heusel et al. 2017, with other features',
  },
  coverage: {
    name: 'coverage',
    group: 'samples',
    text: 'Share of real images with a sample in their neighbourhood; near 0 the samples have collapsed.',
    formula: '{"number of real images with a sample nearer than their 5th neighbour"} // n',
    better: 'up',
    source: 'Naeem et al. 2020',
  },
  recall: {
    name: 'recall',
    group: 'samples',
    text: 'Share of real images that lie among the samples.',
    formula: '{"number of real images among samples"} // n',
    better: 'up',
    source: 'Kynkäänniemi et al. 2019',
  },
  precision: {
    name: 'precision',
    group: 'samples',
    text: 'Share of samples that lie among the real images. It can be high for collapsed samples, so read it beside coverage.',
    formula: '{"number of samples among real images"} // n',
    better: 'up',
    source: 'Kynkäänniemi et al. 2019',
  },

  packedSize: {
    name: 'packed size',
    group: 'cost',
    text: 'Bytes of the file with one bit per weight and basis, counted from the list of layers; scales, steps and all that is kept are float32.',
    formula: '{"bits of planes"} // {8} + 4 · "scales" + 4 · "kept values"',
    better: 'down',
  },
  smaller: {
    name: 'smaller by',
    group: 'cost',
    text: 'Size in float32 against the packed size. The 27.1× of BinaryDM is such a ratio, from the first version of the paper, for LDM-8.',
    formula: '{4 "parameters"} // {"packed bytes"}',
    better: 'up',
    unit: '×',
  },
  macs: {
    name: 'multiply-accumulates',
    group: 'cost',
    text: 'MACs of conv and linear layers for one image and one call of the network; attention products are not among them.',
    formula: 'k^2 "in" · "out" · H · W',
    better: null,
  },
  ops: {
    name: 'OPs',
    group: 'cost',
    text: 'Operations with their bits in: 64 one-bit products count as one. The papers disagree whether a second basis counts: v1 says 16.0× at W1A4 whatever the network, with bases counted it is less.',
    formula: '"OPs" = {"MACs" · w · a} // {64} + "MACs of float layers"',
    better: 'down',
    source: `${v5}, Eq. 16 and 17`,
  },
  parameters: {
    name: 'parameters',
    group: 'cost',
    text: 'Values of a layer, biases included.',
    formula: 'k^2 "in" · "out" + "out"',
    better: null,
  },
} as const satisfies Record<string, Term>

export type TermId = keyof typeof terms

/** A term with every field it may have. */
export const termOf = (id: TermId): Term => terms[id]

export const termIds = Object.keys(terms) as TermId[]

/** "dB, higher is better ↑"; '' for a term that is no measure. */
export function directionOf({ better, unit }: Term): string {
  if (better === undefined) return unit ?? ''
  const words = { up: 'higher is better ↑', down: 'lower is better ↓' }
  return [unit, better === null ? 'neither direction is better' : words[better]].filter(Boolean).join(', ')
}
