/** The whole diagnosis of one checkpoint, as stored and shown. Runs on whatever tfjs backend is set. */
import { ledger } from '../cost/ledger'
import type { Audit } from '../record/audit'
import type { Diagnosis, LayerRecord } from '../record/run'
import { InputError } from '../tensor/error'
import { type Checkpoint, storedWeight } from '../unet/checkpoint'
import type { UNetConfig } from '../unet/config'
import { weightInUse } from '../unet/switched'
import { parameterCount } from '../unet/unet'
import { judge, layerFactsAt, networkFacts } from './audit/audit'
import type { LayerFacts } from './audit/facts'
import { pause } from './pause'
import { type Kept, type SweepResult, sweep, sweepParts } from './sweep'
import { timelineOf } from './trajectory'
import { weightStats } from './weights'

export type DiagnoseOptions = {
  /** How many timesteps DDIM shall visit, or these ones; 20 by default. */
  timesteps?: number | readonly number[]
  /** Images each measurement is taken over; 8 by default. */
  images?: number
  /** Of the starting noise; 7 by default. */
  seed?: number
  /** Where the sweep keeps what it has, to go on there when it was cut short; nowhere by default. */
  kept?: Kept
  onProgress?: (done: number, total: number, words: string) => void
  /** Looked at between layers and between timesteps; its reason is thrown. */
  signal?: AbortSignal
}

/** The diagnosis of a network that ran: it always holds an audit. */
export type AuditedDiagnosis = Diagnosis & { audit: Audit }

/**
 * Diagnoses a checkpoint against its teacher, or with teacher null on its own: weights and ledger, no alignment.
 * Throws an InputError if the two are not of one architecture, for timesteps that do not exist, and for scales that
 * are missing or do not fit. Leaves no tensor behind.
 */
export async function diagnose(
  teacher: Checkpoint | null,
  student: Checkpoint,
  { timesteps = 20, images = 8, seed = 7, kept, onProgress = () => {}, signal }: DiagnoseOptions = {},
): Promise<AuditedDiagnosis> {
  if (teacher) checkSameArchitecture(teacher, student)
  checkCount('--images', images)
  checkSeed(seed)
  const { config, layers, manifest } = student
  const timeline = teacher && timelineOf(timesteps, teacher)
  const total = layers.length + (timeline ? sweepParts(timeline) : 0)

  const records: LayerRecord[] = []
  const facts: LayerFacts[] = []
  for (const index of layers.keys()) {
    records.push(layerRecord(index, teacher, student))
    facts.push(layerFactsAt(student, teacher, index))
    onProgress(records.length, total, 'weights')
    await pause(signal)
  }
  let swept: SweepResult | null = null
  if (teacher && timeline) {
    swept = await sweep(teacher, student, { timeline, images, seed, signal, kept }, (done, words) =>
      onProgress(layers.length + done, total, words),
    )
  }
  return {
    family: config.family,
    config: { ...config },
    network: student.network.prefix,
    mode: student.mode,
    schedule: student.about.schedule,
    assumptions: [...new Set([...student.assumptions, ...(swept?.assumptions ?? [])])],
    ledger: ledger(layers, manifest, parameterCount(config)),
    timesteps: timeline?.measured ?? [],
    protocol: timeline && { seed, images, steps: timeline.visited.length, source: 'teacher-trajectory' },
    output: swept?.output ?? null,
    ...(swept && { sweep: swept.sweep }),
    layers: records.map((record, i): LayerRecord => ({ ...record, ...swept?.layers[i] })),
    audit: judge(networkFacts(student, teacher, facts)),
  }
}

function layerRecord(index: number, teacher: Checkpoint | null, student: Checkpoint): LayerRecord {
  const layer = student.layers[index]!
  const precision = student.manifest[layer.id]!
  const weights = weightStats({
    precision,
    stored: storedWeight(student, layer.id),
    scales: student.scales.get(layer.id) ?? {},
    teacher: teacher && weightInUse(teacher, index),
    file: student.name,
    layer: layer.id,
  })
  return { layer, precision, weights, alignment: null }
}

/**
 * Throws an InputError naming the field in which two configurations differ. Where they do not, layers correspond by their place
 * in the list; ids may differ in spelling (old and new diffusers attention).
 */
export function checkSameArchitecture(teacher: Checkpoint, student: Checkpoint): void {
  const other: (keyof UNetConfig)[] = ['attentionNames', 'noise']
  const fields = (Object.keys(student.config) as (keyof UNetConfig)[]).filter((f) => !other.includes(f))
  const text = (checkpoint: Checkpoint, field: keyof UNetConfig) => JSON.stringify(checkpoint.config[field])
  const field = fields.find((f) => text(teacher, f) !== text(student, f))
  if (!field) return
  const guessed = [teacher, student].filter((c) => c.assumptions.length > 0).map((c) => c.name)
  throw new InputError({
    file: student.name,
    item: field,
    problem: `it is ${text(student, field)}, in its teacher ${teacher.name} it is ${text(teacher, field)}`,
    remedy:
      guessed.length > 0
        ? `Part of the configuration of ${guessed.join(' and ')} had to be assumed: give it, or else the right teacher.`
        : 'A student has the architecture of its teacher: give the checkpoint it was made from.',
  })
}

function checkCount(file: string, value: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= 256) return
  throw new InputError({ file, problem: `${value} images`, remedy: 'Give a whole number from 1 to 256.' })
}

function checkSeed(seed: number): void {
  if (Number.isSafeInteger(seed)) return
  throw new InputError({
    file: '--seed',
    problem: `${seed} is not a whole number`,
    remedy: 'Give a whole number.',
  })
}
