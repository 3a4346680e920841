/** What a training job sends: its run, what it measured on layers, and checkpoint files on their way in. */
import * as z from 'zod/mini'
import { Histogram } from './run'

/** Largest training step a store can hold. */
export const lastStep = 0x7fffffff

const step = z.int().check(z.minimum(0), z.maximum(lastStep))
const runName = z.string().check(z.minLength(1), z.maxLength(120))
const label = z.string().check(z.maxLength(120))
const settings = z.record(z.string(), z.unknown())

/** Client-made name of a batch: the same batch sent twice is stored once. */
export const batchId = z.optional(z.string().check(z.regex(/^[A-Za-z0-9_-]{8,64}$/)))

/** Begins a run, or goes on with the one of this name; what is given replaces what was known. */
export const RunStart = z.strictObject({
  name: runName,
  role: z.optional(z.enum(['teacher', 'student'])),
  /** Name of the teacher's run. */
  teacher: z.optional(z.nullable(runName)),
  /** Binarizer and bits for lists, until a checkpoint tells them. */
  method: z.optional(label),
  bits: z.optional(label),
  settings: z.optional(settings),
})
export type RunStart = z.infer<typeof RunStart>

export const outcomes = ['finished', 'failed'] as const
export type Outcome = (typeof outcomes)[number]

export const RunChange = z.strictObject({
  /** How the job ended; null takes it up again. */
  outcome: z.optional(z.nullable(z.enum(outcomes))),
  settings: z.optional(settings),
})
export type RunChange = z.infer<typeof RunChange>

/** A layer at one step, as the job measured it: what it says of itself, numbers and histograms by name. */
export const LayerLog = z.strictObject({
  layer: z.string().check(z.minLength(1), z.maxLength(512)),
  step,
  /** Module class, bits, order, flags: what a checkpoint does not tell. */
  facts: z.record(
    z.string().check(z.maxLength(120)),
    z.union([z.string().check(z.maxLength(200)), z.number(), z.boolean()]),
  ),
  values: z.record(z.string().check(z.maxLength(120)), z.number()),
  histograms: z.record(z.string().check(z.maxLength(120)), Histogram.check(hasBins)),
})
export type LayerLog = z.infer<typeof LayerLog>

export const LayerLogBatch = z.strictObject({
  run: runName,
  batch: batchId,
  layers: z.array(LayerLog).check(z.maxLength(10_000)),
})

export const UploadStart = z.strictObject({
  run: runName,
  step,
  /** For people; it is never part of a path. */
  fileName: z.string().check(z.minLength(1), z.maxLength(512)),
  bytes: z.int().check(z.minimum(1)),
  sha256: z.optional(z.string().check(z.regex(/^[0-9a-f]{64}$/))),
  /** Configuration of the network where the file does not hold it: the family's own config. */
  config: z.optional(settings),
  /** Which network of a file that holds several. */
  network: z.optional(label),
})
export type UploadStart = z.infer<typeof UploadStart>

export const uploadStates = ['receiving', 'queued', 'diagnosing', 'stored', 'refused'] as const

/** A checkpoint file on its way in, or what became of it. */
export type UploadStatus = {
  id: string
  run: string
  step: number
  fileName: string
  /** Announced length; null if it ends where the body ends. */
  bytes: number | null
  /** Bytes that are here. */
  offset: number
  state: (typeof uploadStates)[number]
  /** Why it was refused. */
  problem: string | null
  sha256: string | null
  /** Id of the stored checkpoint. */
  checkpoint: string | null
}

/** A picture a job drew; its PNG is fetched by id. */
export type Picture = {
  id: string
  step: number
  name: string
  seed: number | null
  width: number
  height: number
}

function hasBins({ value, issues }: { value: Histogram; issues: unknown[] }): void {
  const { lo, hi, counts } = value
  if (counts.length >= 1 && counts.length <= 1024 && hi >= lo && counts.every((count) => count >= 0)) return
  issues.push({
    code: 'custom',
    input: value,
    message: 'a histogram has 1 to 1024 counts, none negative, and lo <= hi',
  })
}
