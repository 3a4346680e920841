/**
 * The training loop: teacher from scratch, or student fine-tuned from a teacher. Everything random is drawn from
 * (seed, step), so a training that was stopped goes on as if it had not been.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { schedule } from '../diffusion/schedule'
import { integers, normal, permutation } from '../math/rng'
import { manifestFor } from '../quant/manifest'
import { initScales } from '../quant/scales'
import type { Manifest } from '../record/precision'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import { openTensors } from '../tensor/open'
import { writeSafetensors } from '../tensor/safetensors'
import type { Tensor } from '../tensor/tensor'
import { type Architecture, architecture, flatten } from '../unet/architecture'
import { type About, readCheckpoint, writeCheckpoint } from '../unet/checkpoint'
import { parseConfig } from '../unet/config'
import { parameterShapes, toNHWC } from '../unet/unet'
import type { TrainConfig } from './config'
import type { Dataset } from './dataset'
import { gradientNorm, learningRate, type Trained, trained, update } from './optimizer'
import { type Batch, initialAlphas, lossAndGradients, type Values } from './step'

/** One line of a training's log; loss is the mean since the line before. */
export type LogLine = {
  step: number
  loss: number
  learningRate: number
  gradientNorm: number
  /** Seconds per step since the line before. */
  secondsPerStep: number
}

export type Training = {
  config: TrainConfig
  net: Architecture
  manifest: Manifest
  /** In a fixed order: parameters, then scales. */
  variables: Map<string, Trained & { shape: number[] }>
  /** Steps done. */
  step: number
  about: Omit<About, 'version' | 'step'>
}

const schedule1000 = schedule('ddim')
/** Streams of the seed that are not step numbers. */
const initStream = 2 ** 40

/** A fresh training. `folder` is where the configuration lies: a student's teacher is named relative to it. */
export async function startTraining(config: TrainConfig, folder: string, data: Dataset): Promise<Training> {
  const training =
    config.role === 'teacher'
      ? freshTeacher(config)
      : await studentOf(config, resolve(folder, config.teacher))
  const [c, h] = data.shape
  const { inChannels, outChannels, sampleSize } = training.net.config
  if (c !== inChannels || c !== outChannels || h !== sampleSize) {
    throw new InputError({
      file: config.name,
      item: 'model',
      problem: `the network takes ${inChannels}x${sampleSize}x${sampleSize}, the data is ${data.shape.join('x')}`,
      remedy: 'Set in_channels, out_channels and sample_size to the data, or change data.pixelUnshuffle.',
    })
  }
  if (config.role === 'student') initialiseScales(training, data)
  return training
}

function freshTeacher(config: TrainConfig & { role: 'teacher' }): Training {
  const unet = parseConfig(config.model, config.name)
  const net = architecture(unet)
  const variables: Training['variables'] = new Map()
  const weights = new Set(flatten(net).layers.map(({ id }) => `${id}.weight`))
  let stream = initStream
  for (const [name, shape] of parameterShapes(unet)) {
    const data = new Float32Array(shape.reduce((n, d) => n * d, 1))
    if (weights.has(name)) initialWeight(name, data, shape, config.seed, stream++)
    else if (name.endsWith('.weight')) data.fill(1)
    variables.set(name, { ...trained(data, { decays: weights.has(name) }), shape })
  }
  const about = {
    config: config.model,
    manifest: {},
    pixelUnshuffle: config.data.pixelUnshuffle,
    schedule: 'ddim' as const,
    run: config.name,
    role: 'teacher' as const,
    teacherSha256: null,
    settings: config as Record<string, unknown>,
  }
  return { config, net, manifest: {}, variables, step: 0, about }
}

/** He-normal by fan-in; the last layer of every residual starts at zero, so that blocks begin as the identity. */
function initialWeight(
  name: string,
  data: Float32Array,
  shape: number[],
  seed: number,
  stream: number,
): void {
  if (/(conv2|conv_out|proj_out|to_out\.0)\.weight$/.test(name)) return
  normal(seed, stream, data)
  const scale = Math.sqrt(1 / (data.length / shape[0]!))
  for (let i = 0; i < data.length; i++) data[i] = data[i]! * scale
}

async function studentOf(config: TrainConfig & { role: 'student' }, path: string): Promise<Training> {
  const source = await openFileSource(path)
  const teacher = await readCheckpoint(await openTensors(source))
  await source.close()
  const { method, bases, twoBases, activationBits } = config.binarizer
  const manifest = manifestFor(teacher.layers, { method, bases, activationBits, where: twoBases })
  const variables: Training['variables'] = new Map()
  const weights = new Set(teacher.layers.map(({ id }) => `${id}.weight`))
  for (const [name, { shape, data }] of teacher.tensors) {
    variables.set(name, { ...trained(data, { decays: weights.has(name) }), shape })
  }
  const about = {
    config: teacher.about.config,
    manifest,
    pixelUnshuffle: config.data.pixelUnshuffle,
    schedule: 'ddim' as const,
    run: config.name,
    role: 'student' as const,
    teacherSha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
    settings: config as Record<string, unknown>,
  }
  return { config, net: architecture(teacher.config), manifest, variables, step: 0, about }
}

/** sigma1 and sigma2 from the latent weights, alpha from the first batch. */
function initialiseScales(training: Training, data: Dataset): void {
  const { config, manifest, variables, net } = training
  const scale = { rate: config.optimizer.scaleRate, positive: true }
  const add = (name: string, values: Float32Array) =>
    variables.set(name, { ...trained(values, scale), shape: [values.length] })
  for (const [id, precision] of Object.entries(manifest)) {
    if (precision.bases === 0 || precision.method === 'xnor') continue
    const { value, shape } = variables.get(`${id}.weight`)!
    const { sigma1, sigma2 } = initScales(value, shape[0]!, precision.bases === 2 ? 2 : 1)
    add(`${id}.sigma1`, sigma1)
    if (sigma2) add(`${id}.sigma2`, sigma2)
  }
  const alphas = initialAlphas(net, manifest, valuesOf(training, 'value'), batchAt(config, data, 0))
  for (const [id, alpha] of alphas) add(`${id}.alpha`, Float32Array.of(alpha))
}

/** Current or averaged values by name. */
export function valuesOf({ variables }: Training, which: 'value' | 'ema'): Values {
  return new Map([...variables].map(([name, v]) => [name, { shape: v.shape, data: v[which] }]))
}

/** The batch of a step: images in the order of the epoch's permutation, timesteps and noise of (seed, step). */
export function batchAt(config: TrainConfig, data: Dataset, step: number): Batch {
  const { batch: b, seed } = config
  const [c, h, w] = data.shape
  const size = c * h * w
  const t = integers(seed, step, schedule1000.betas.length, new Int32Array(b))
  const noise = normal(seed, step, new Float32Array(b * size))
  const x = new Float32Array(b * size)
  for (let i = 0; i < b; i++) {
    const image = imageAt(data.count, seed, step * b + i) * size
    const alphaBar = schedule1000.alphaBars[t[i]!]!
    const [signal, sigma] = [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)]
    for (let p = 0; p < size; p++)
      x[i * size + p] = signal * data.data[image + p]! + sigma * noise[i * size + p]!
  }
  const nchw = [b, c, h, w]
  return { shape: [b, h, w, c], x: toNHWC(x, nchw), t, noise: toNHWC(noise, nchw) }
}

let order: { seed: number; epoch: number; images: Int32Array } | null = null

/** Image number `index` of the endless sequence of shuffled epochs; the last permutation is kept. */
function imageAt(count: number, seed: number, index: number): number {
  const epoch = Math.floor(index / count)
  if (order?.seed !== seed || order.epoch !== epoch || order.images.length !== count) {
    order = { seed, epoch, images: permutation(seed, epoch, count) }
  }
  return order.images[index % count]!
}

/** One optimizer step. Mutates the training; returns what is logged. */
export function trainStep(training: Training, data: Dataset): { loss: number; norm: number; rate: number } {
  const { config, net, manifest, variables, step } = training
  const batch = batchAt(config, data, step)
  const { loss, gradients } = lossAndGradients(net, manifest, valuesOf(training, 'value'), batch)
  const norm = gradientNorm(gradients.values())
  if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
    throw new Error(
      `${config.name}: loss ${loss}, gradient norm ${norm} at step ${step}: the training diverged`,
    )
  }
  const rate = learningRate(config.optimizer, step, config.steps)
  const shrink = Math.min(1, config.optimizer.clip / (norm + 1e-6))
  for (const [name, variable] of variables) {
    update(variable, gradients.get(name)!, { step, rate, shrink, config: config.optimizer })
  }
  training.step++
  return { loss, norm, rate }
}

/** The EMA weights as a checkpoint file; scales beside the latent weights they belong to. */
export function checkpointBytes(training: Training): Uint8Array {
  return writeCheckpoint(valuesOf(training, 'ema'), { ...training.about, step: training.step }, true)
}

export type RunOptions = {
  /** Where checkpoints and log.jsonl go. */
  out: string
  /** Where the state for resuming goes. */
  state: string
  data: Dataset
  /** Steps between log lines and between saved states. */
  logEvery: number
  saveEvery: number
  onLog(line: LogLine): void
  onCheckpoint(path: string): void
  now(): number
}

/** Trains to the last step, writing log, checkpoints and state on the way. */
export function runTraining(training: Training, options: RunOptions): void {
  const { config } = training
  const { out, data, logEvery, saveEvery, now } = options
  mkdirSync(out, { recursive: true })
  mkdirSync(options.state, { recursive: true })
  const log = join(out, 'log.jsonl')
  keepLogUpTo(log, training.step)
  const snapshot = () => {
    if (!config.snapshots.includes(training.step)) return
    const path = join(out, checkpointName(training.step))
    writeDurably(path, checkpointBytes(training))
    options.onCheckpoint(path)
  }
  snapshot()
  let [sum, steps, since] = [0, 0, now()]
  while (training.step < config.steps) {
    const { loss, norm, rate } = trainStep(training, data)
    sum += loss
    steps++
    if (training.step % logEvery === 0 || training.step === config.steps) {
      const line: LogLine = {
        step: training.step,
        loss: round(sum / steps),
        learningRate: round(rate),
        gradientNorm: round(norm),
        secondsPerStep: round((now() - since) / 1000 / steps),
      }
      writeFileSync(log, `${JSON.stringify(line)}\n`, { flag: 'a' })
      options.onLog(line)
      ;[sum, steps, since] = [0, 0, now()]
    }
    snapshot()
    if (training.step % saveEvery === 0) saveState(training, options.state)
  }
  saveState(training, options.state)
}

/** step-000500.safetensors */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`
}

function round(x: number): number {
  return Number(x.toPrecision(5))
}

/** Drops log lines after a step: they will be written again. */
function keepLogUpTo(path: string, step: number): void {
  if (!existsSync(path)) return
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  const kept = lines.filter((line) => (JSON.parse(line) as LogLine).step <= step)
  writeFileSync(path, kept.map((line) => `${line}\n`).join(''))
}

const parts = ['value', 'ema', 'm', 'v'] as const

/** Writes everything a restart needs; the state before it is kept as the second generation. */
export function saveState(training: Training, folder: string): void {
  const tensors = new Map<string, { tensor: Tensor; dtype: 'F32' }>()
  for (const [name, variable] of training.variables) {
    for (const part of parts) {
      tensors.set(`${part}/${name}`, {
        tensor: { shape: variable.shape, data: variable[part] },
        dtype: 'F32',
      })
    }
  }
  const current = join(folder, 'state.safetensors')
  if (existsSync(current)) renameSync(current, join(folder, 'state.previous.safetensors'))
  const metadata = new Map([
    ['step', String(training.step)],
    ['config', JSON.stringify(training.config)],
  ])
  writeDurably(current, writeSafetensors(tensors, metadata))
}

/**
 * Continues from the newest whole state in `folder`; false if there is none. Throws an InputError if the state
 * belongs to another configuration.
 */
export async function resumeTraining(training: Training, folder: string): Promise<boolean> {
  for (const name of ['state.safetensors', 'state.previous.safetensors']) {
    const path = join(folder, name)
    if (!existsSync(path)) continue
    const source = await openFileSource(path)
    try {
      const file = await openTensors(source)
      if (file.metadata.get('config') !== JSON.stringify(training.config)) {
        throw new InputError({
          file: path,
          item: 'config',
          problem: 'this state was saved by a training with another configuration',
          remedy: 'Restore the configuration, or start without --resume.',
        })
      }
      for (const [name, variable] of training.variables) {
        for (const part of parts) variable[part].set((await file.read(`${part}/${name}`)).data)
      }
      training.step = Number(file.metadata.get('step'))
      return true
    } catch (error) {
      // a damaged state is no reason to lose the one before it; another configuration is
      const older = join(folder, 'state.previous.safetensors')
      const damaged = error instanceof InputError && error.item !== 'config'
      if (!damaged || path === older || !existsSync(older)) throw error
    } finally {
      await source.close()
    }
  }
  return false
}

/** Temp file, fsync, rename: a reader sees the old file or the whole new one. */
function writeDurably(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  const fd = openSync(temporary, 'w')
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
}
