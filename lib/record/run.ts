/**
 * The shapes that cross a wire, a worker or the database. Everything outside lib/ speaks these.
 * Units: SQNR in dB (higher is better), cosine in [-1, 1] (higher is better), bytes, MACs per image.
 * null means "not measured"; a kept or unmeasurable value is never 0.
 */
import * as z from 'zod/mini'
import { Audit } from './audit'
import { LayerPrecision } from './layer-precision'
import { PackedGrids, SweepRecord } from './sweep-record'

/** Code bases whose sampling conventions are known; see lib/diffusion/schedule. */
export const scheduleNames = ['ddim', 'diffusers', 'ldm'] as const
export type ScheduleName = (typeof scheduleNames)[number]

const finite = z.number()
const maybe = z.nullable(finite)
const series = z.array(maybe)

/** Equal-width bins over [lo, hi]; counts sum to the number of finite values inside. */
export const Histogram = z.object({ lo: finite, hi: finite, counts: z.array(finite) })
export type Histogram = z.infer<typeof Histogram>

/** Moments of a weight tensor. nonFinite counts NaN and infinities, which the rest leaves out. */
export const Moments = z.object({
  count: finite,
  mean: finite,
  std: finite,
  min: finite,
  max: finite,
  meanAbs: finite,
  kurtosis: maybe,
  nonFinite: finite,
})
export type Moments = z.infer<typeof Moments>

/** Where a layer stands in the U-Net, whatever its family calls it. level 0 is the highest resolution. */
export const Place = z.object({
  /** 'other': a network whose names do not tell. */
  part: z.enum(['in', 'time', 'down', 'mid', 'up', 'out', 'other']),
  level: maybe,
  /** Index of the block within its level, in order of the forward pass; null outside blocks. */
  block: maybe,
  /** Unit inside the block: 'conv1', 'conv2', 'temb_proj', 'shortcut', 'q', 'k', 'v', 'proj_out', 'downsample', ... */
  role: z.string(),
})
export type Place = z.infer<typeof Place>

/** One conv or linear layer, known from the architecture alone. */
export const Layer = z.object({
  /** The checkpoint's own dotted module path, e.g. down.0.block.1.conv2. */
  id: z.string(),
  kind: z.enum(['conv', 'linear']),
  place: Place,
  inChannels: finite,
  outChannels: finite,
  /** Kernel width; 1 for linear layers. */
  kernel: finite,
  /** 1 for a convolution along one axis, whose weights are [O, I, K]; absent otherwise. */
  axes: z.optional(z.literal(1)),
  stride: finite,
  /** Output height (= width) in pixels at the network's native size; 1 for layers on embeddings. */
  resolution: finite,
  /** Multiply-accumulates for one image, one call. */
  macs: finite,
  /** Weight and bias values. */
  parameters: finite,
  /**
   * Shape of the weight, where the layer is known by it alone: then stride, resolution and macs, which it does not tell, are 0
   * and mean nothing. Absent for layers of an architecture.
   */
  shape: z.optional(z.array(finite)),
})
export type Layer = z.infer<typeof Layer>

/** Agreement of two vectors: SQNR of b against a in dB, and their cosine. */
export const Agreement = z.object({ sqnr: maybe, cosine: maybe })
export type Agreement = z.infer<typeof Agreement>

const Agreements = z.object({ sqnr: series, cosine: series })

/** Smallest, median and largest over the output channels of a layer. */
export const Spread = z.object({ min: finite, median: finite, max: finite })
export type Spread = z.infer<typeof Spread>

/** Float weights per output channel, and what sign bases would make of them without training. */
export const ChannelFacts = z.object({
  channels: finite,
  /** Channels whose weights are all one value, as a rule 0: dead. */
  flat: finite,
  /** Share of weights with sign +1. */
  positive: Spread,
  /** mean|w|, and mean|r| of the residual r = w - sigma1*sign(w). */
  sigma1: Spread,
  sigma2: Spread,
  /** SQNR of one and of two bases with these scales, against the weights, dB. */
  oneBasisSqnr: maybe,
  twoBasesSqnr: maybe,
})
export type ChannelFacts = z.infer<typeof ChannelFacts>

/** Of all output channels, the one where a share is largest. */
export const WorstChannel = z.object({ channel: finite, share: finite })
export type WorstChannel = z.infer<typeof WorstChannel>

/** How well sign bases hold float weights, see lib/diagnostics/basis-fit. */
export const BasisFit = z.object({
  /** Share of the weights' energy the bases in use do not hold; lower is better, above 1 is worse than zeros. */
  residualEnergy: finite,
  /** SQNR in dB with the same signs and least-squares scales, and with the best signs and scales there are. */
  refitSqnr: finite,
  bestSqnr: finite,
  /** What the bases in use fall short of these, dB left on the table; lower is better, 0 is nothing. */
  scalesLeft: finite,
  basesLeft: finite,
  /** What the scales of each output channel leave, dB to five decimals. */
  left: z.array(finite),
  /** Norm of the weights in use over that of the weights they stand for; absent in older records. */
  size: z.optional(finite),
})
export type BasisFit = z.infer<typeof BasisFit>

/** Shares of latent weights outside the straight-through window [-1, 1], and within 0.1 mean|w| of zero. */
export const LatentWindow = z.object({ outside: finite, nearZero: finite })
export type LatentWindow = z.infer<typeof LatentWindow>

/** The sign bases of a binarized layer, see lib/diagnostics/bases. */
export const BasisStats = z.object({
  /** Weights of one output channel. */
  perChannel: finite,
  /** Signs +1 of each output channel, a list per basis. */
  positive: z.array(z.array(finite)),
  /** Entropy of a channel's signs in bits, per basis: 1 is balanced. */
  entropy: z.array(Spread),
  /** sigma2/sigma1 over the channels; null with one basis. */
  ratio: z.nullable(Spread),
  /** Channels whose outermost level is below 5 % of the layer's largest. */
  dead: finite,
  /** Against the latent weights; null where they are not stored. */
  latent: z.nullable(z.extend(LatentWindow, { fit: z.nullable(BasisFit) })),
  /** Against the teacher's weights, and the channel with most signs that differ from them; null without a teacher. */
  teacher: z.nullable(z.object({ flips: WorstChannel, fit: z.nullable(BasisFit) })),
})
export type BasisStats = z.infer<typeof BasisStats>

export const WeightStats = z.object({
  /**
   * Latent (float) weights of the student; the layer's own weights if it is full precision. null if the checkpoint stores
   * only what they were cut to (packed).
   */
  latent: z.nullable(z.object({ histogram: Histogram, moments: Moments })),
  /** The teacher's weights on the same bins; null without a teacher. */
  teacher: z.nullable(z.object({ histogram: Histogram, moments: Moments })),
  /** Per output channel; null when full precision. sigma2 null with one basis. */
  sigma1: z.nullable(z.array(finite)),
  sigma2: z.nullable(z.array(finite)),
  /** Share of weights at each level, summed over channels: [-s1-s2, -s1+s2, s1-s2, s1+s2] or [-s1, s1]. */
  levelShares: z.nullable(z.array(finite)),
  /** LSQ step of the layer's input; null at 32 bits. */
  alpha: maybe,
  /** Quantized weights against the latent ones they stand for; null in full precision and without latent weights. */
  reconstruction: z.nullable(Agreement),
  /** Binarized (or full-precision) weights in use against the teacher's. */
  againstTeacher: z.nullable(Agreement),
  /** Share of weights whose sign differs from the teacher's, 0 to 1. */
  flips: maybe,
  /** Of the latent weights; null where they are not stored or not finite, absent in older records. */
  channels: z.optional(z.nullable(ChannelFacts)),
  /** null for a layer that is not binarized, absent in older records. */
  bases: z.optional(z.nullable(BasisStats)),
})
export type WeightStats = z.infer<typeof WeightStats>

/** Accumulated error of a layer's output against the teacher's, one value per timestep of the checkpoint. */
export const Alignment = z.object({
  sqnr: series,
  cosine: series,
  /** Cosine of the two outputs after projection on the teacher's leading axes (LRM's projection). */
  lowRankCosine: series,
  /** Share of each network's output energy those axes hold, 0 to 1. */
  lowRankTeacherEnergy: series,
  lowRankStudentEnergy: series,
  /** Number of axes kept: max(1, round(C/4)). */
  rank: finite,
  /**
   * Error with the teacher's input, on the first images (SweepRecord.localImages), and dB that a better step would gain on the
   * student's input, at the timesteps measured in detail; absent in older records.
   */
  local: z.optional(z.object({ sqnr: series, cosine: series, stepLeft: series })),
})
export type Alignment = z.infer<typeof Alignment>

export const LayerRecord = z.object({
  layer: Layer,
  precision: LayerPrecision,
  weights: WeightStats,
  alignment: z.nullable(Alignment),
  /** Grids named as in `layerGrids`; absent where nothing ran, in older records, and where only the alignment was asked for. */
  sweep: z.optional(PackedGrids),
})
export type LayerRecord = z.infer<typeof LayerRecord>

/** How the alignment was measured; printed beside the numbers. */
export const Protocol = z.object({
  seed: finite,
  images: finite,
  /** DDIM steps of the teacher's trajectory that gives the x_t both networks see. */
  steps: finite,
  /** 'teacher-trajectory': x_t are the states of the teacher's own DDIM run. */
  source: z.literal('teacher-trajectory'),
})
export type Protocol = z.infer<typeof Protocol>

/** Bytes of a checkpoint if every binarized weight took one bit per basis, counted from the layer list. */
export const Ledger = z.object({
  fullPrecisionBytes: finite,
  packedBytes: finite,
  signBytes: finite,
  secondBasisBytes: finite,
  scaleBytes: finite,
  /** Codes of layers kept at 8 bits; absent where there are none. */
  eightBitBytes: z.optional(finite),
  /** Everything that stays float32: kept layers, biases, norms. */
  floatBytes: finite,
  macs: finite,
  parameters: finite,
})
export type Ledger = z.infer<typeof Ledger>

/** What a network's tensor names say it is; `other` is every network that is no U-Net known here. */
export const networkFamilies = [
  'ddim',
  'diffusers',
  'openaimodel',
  'binarydm',
  'q-diffusion',
  'efficientdm',
  'sd',
  'diffusers-conditional',
  'other',
] as const
export type NetworkFamily = (typeof networkFamilies)[number]

/** What a checkpoint's network is called: that of its configuration if it runs (`ldm`), else that of its names. */
export const families = ['ldm', ...networkFamilies] as const

/** Everything diagnosis found out about one checkpoint against its teacher. */
export const Diagnosis = z.object({
  family: z.enum(families),
  /** UNetConfig as JSON, what `parseConfig` reads. */
  config: z.record(z.string(), z.unknown()),
  /** Why no network can be run, as a clause ("it is conditioned on class labels, ..."): weights only. Absent where one can. */
  unrun: z.optional(z.string()),
  /** What had to be assumed because neither file nor config says it, as sentences. */
  assumptions: z.array(z.string()),
  ledger: Ledger,
  /** Timesteps of every series, descending: noise first. Empty when nothing ran. */
  timesteps: z.array(finite),
  protocol: z.nullable(Protocol),
  /** Network output eps against the teacher's, per timestep. */
  output: z.nullable(Agreements),
  /** What was measured beside the layers; absent where nothing ran, and in older records. */
  sweep: z.optional(SweepRecord),
  /** In order of the forward pass. */
  layers: z.array(LayerRecord),
  /** What the network's names start with in its file, which may hold several; absent in diagnoses made before that was kept. */
  network: z.optional(z.string().check(z.maxLength(1024))),
  /** Name of the reading it is in, see lib/unet/reading; absent as for network. */
  mode: z.optional(z.string().check(z.maxLength(40))),
  /** Whose sampler it runs with; null or absent leaves it to the file and its family. */
  schedule: z.nullish(z.enum(scheduleNames)),
  /** Absent in diagnoses made before there was an audit. */
  audit: z.optional(Audit),
})
export type Diagnosis = z.infer<typeof Diagnosis>

/** Same-seed samples drawn when the checkpoint was stored. Pixels 0-255, one channel or RGB, image after image. */
export const SampleSet = z.object({
  seed: finite,
  images: finite,
  width: finite,
  height: finite,
  channels: z.union([z.literal(1), z.literal(3)]),
  sampler: z.string(),
  steps: finite,
  /** Mean over images of the cosine with the teacher's images from the same noise; null for a teacher. */
  cosineToTeacher: maybe,
  /** base64 of the pixels, HWC per image. */
  pixels: z.string(),
})
export type SampleSet = z.infer<typeof SampleSet>

/** One logged value of a training, e.g. loss. */
export const Scalar = z.object({ name: z.string(), step: finite, value: finite })
export type Scalar = z.infer<typeof Scalar>

/** What `import` stores in one go, and what a browser sends after it diagnosed a dropped pair. */
export const CheckpointUpload = z.object({
  run: z.object({
    name: z.string().check(z.minLength(1), z.maxLength(120)),
    role: z.enum(['teacher', 'student']),
    /** Name of the run whose checkpoint is the teacher; null for a teacher. */
    teacher: z.nullable(z.string()),
    /** 'teacher', 'sign', 'lmb', ... for lists. */
    method: z.string(),
    bits: z.string(),
    /** Training configuration as recorded; shown in Compare. */
    settings: z.record(z.string(), z.unknown()),
  }),
  step: z.number().check(z.int(), z.minimum(0)),
  fileName: z.string(),
  /** sha256 of the checkpoint file, hex; also the key of its blob if the weights are stored. */
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  bytes: z.number().check(z.int(), z.minimum(0)),
  teacherSha256: z.nullable(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  diagnosis: Diagnosis,
  samples: z.nullable(SampleSet),
})
export type CheckpointUpload = z.infer<typeof CheckpointUpload>

/** A stored checkpoint without its layers: enough for sliders, lists and charts. */
export type CheckpointSummary = {
  id: string
  runId: string
  step: number
  sha256: string
  /** Which network of the file it is, see Diagnosis; null for checkpoints stored before that was kept. */
  network: string | null
  teacherSha256: string | null
  bytes: number
  fileName: string
  /** Whether the weights are in the blob store (needed to sample live). */
  hasWeights: boolean
  ledger: Ledger
  /** Mean over timesteps of the output SQNR, dB; null for a teacher. */
  outputSqnr: number | null
  /** Mean cosine of its samples with the teacher's; null for a teacher, and where none were drawn. */
  sampleCosine: number | null
  createdAt: string
}

/** A stored checkpoint with everything a page needs. */
export type CheckpointDetail = CheckpointSummary & { samples: SampleSet | null; diagnosis: Diagnosis }

export type RunSummary = {
  id: string
  /** Used in URLs; unique. */
  name: string
  role: 'teacher' | 'student'
  teacherRunId: string | null
  /** Of a student; its teacher need not be stored. */
  teacherName: string | null
  method: string
  bits: string
  /** Palette slot 0-6, bound when the run is stored; null for teachers, which are ink. */
  colour: number | null
  settings: Record<string, unknown>
  /** Ascending by step. */
  checkpoints: CheckpointSummary[]
  updatedAt: string
}
