/**
 * A training in memory: what it trains, with what precision, and its next step. Teacher from scratch, or student
 * fine-tuned from a teacher. Everything random is drawn from (seed, step), so a training that was stopped goes on as
 * if it had not been.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { normal } from '../math/rng'
import { initScales } from '../quant/scales'
import { initStep } from '../quant/weight-lsq'
import type { LayerPrecision, Manifest } from '../record/precision'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import { openTensors } from '../tensor/open'
import type { TensorMap } from '../tensor/tensor'
import { type Architecture, architecture, flatten } from '../unet/architecture'
import { type About, readCheckpoint, writeCheckpoint } from '../unet/checkpoint'
import { parseConfig } from '../unet/config'
import { parameterShapes, UNet } from '../unet/unet'
import { type Batch, batchAt } from './batch'
import type { TrainConfig } from './config'
import type { Dataset } from './data/dataset'
import { disposeTargets, fitTeacherAxes, targetsOf } from './mimicry'
import { gradientNorm, learningRate, type Trained, trained, update } from './optimizer'
import { manifestAt, type StudentConfig } from './plan'
import { initialAlphas, type Loss, lossAndGradients, type Values } from './step'

export type Variable = Trained & {
  shape: number[]
  /** Step it first took part in; Adam's and the EMA's start-up count from there. */
  born: number
}

export type Training = {
  config: TrainConfig
  net: Architecture
  /** Precision of every layer in the step done last (before the first: in that one). Empty for a teacher. */
  manifest: Manifest
  /** In a fixed order: parameters, then scales as layers turn binary. */
  variables: Map<string, Variable>
  /** LRM: principal axes of the teacher's features by module id; empty without LRM. */
  axes: TensorMap
  /** LRM's teacher; null without LRM. Holds tensors until `endTraining`. */
  teacher: UNet | null
  /** Steps done. */
  step: number
  /** Losses of the steps since the last line of the log. */
  unlogged: Loss[]
  about: Omit<About, 'version' | 'packed' | 'step' | 'manifest'>
}

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
  enterStep(training, batchAt(config, data, 0))
  return training
}

/** Frees the tensors a training holds. */
export function endTraining({ teacher }: Training): void {
  teacher?.dispose()
}

function freshTeacher(config: TrainConfig & { role: 'teacher' }): Training {
  const unet = parseConfig(config.model, config.name)
  const net = architecture(unet)
  const variables = new Map<string, Variable>()
  const weights = new Set(flatten(net).layers.map(({ id }) => `${id}.weight`))
  let stream = initStream
  for (const [name, shape] of parameterShapes(unet)) {
    const data = new Float32Array(shape.reduce((n, d) => n * d, 1))
    if (weights.has(name)) initialWeight(name, data, shape, config.seed, stream++)
    else if (name.endsWith('.weight')) data.fill(1)
    variables.set(name, variable(config, name, data, shape))
  }
  const about = { ...shared(config), config: config.model, role: 'teacher' as const, teacherSha256: null }
  return {
    config,
    net,
    manifest: {},
    variables,
    axes: new Map(),
    teacher: null,
    step: 0,
    unlogged: [],
    about,
  }
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

async function studentOf(config: StudentConfig, path: string): Promise<Training> {
  const source = await openFileSource(path)
  const teacher = await readCheckpoint(await openTensors(source))
  await source.close()
  if (teacher.packed.size > 0) {
    throw new InputError({
      file: path,
      item: 'teacher',
      problem: 'this is a packed student: it has no float weights to start from',
      remedy: 'Give the full-precision checkpoint.',
    })
  }
  const variables = new Map<string, Variable>()
  for (const [name, { shape, data }] of teacher.tensors) {
    variables.set(name, variable(config, name, data, [...shape]))
  }
  const about = {
    ...shared(config),
    config: teacher.about.config,
    role: 'student' as const,
    teacherSha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
  }
  return {
    config,
    net: architecture(teacher.config),
    manifest: {},
    variables,
    axes: new Map(),
    teacher: config.lrm && new UNet(teacher.config, teacher.tensors, teacher.name),
    step: 0,
    unlogged: [],
    about,
  }
}

function shared(config: TrainConfig) {
  return {
    pixelUnshuffle: config.data.pixelUnshuffle,
    schedule: 'ddim' as const,
    run: config.name,
    settings: config as Record<string, unknown>,
  }
}

/** A trained array as the optimizer treats it, which its name tells. */
export function variable(
  { optimizer }: TrainConfig,
  name: string,
  data: Float32Array,
  shape: number[],
  born = 0,
): Variable {
  const isScale = /\.(sigma1|sigma2|step|alpha)$/.test(name)
  const options = isScale
    ? { rate: optimizer.scaleRate, positive: true }
    : { decays: name.endsWith('.weight') && shape.length > 1 }
  return { ...trained(data, options), shape, born }
}

/**
 * Brings precision, scales and LRM's axes to what the step `training.step` computes with: new scales of layers that turn
 * binary come from their latent weights and this step's batch, a dropped second basis goes for good.
 */
export function enterStep(training: Training, batch: Batch): void {
  const { config, net, variables, teacher, step } = training
  if (config.role === 'teacher') return
  const before = training.manifest
  training.manifest = manifestAt(config, net, step)
  const add = (name: string, values: Float32Array) =>
    variables.set(name, variable(config, name, values, [values.length], step))
  for (const [id, precision] of Object.entries(training.manifest)) {
    for (const [part, values] of newScales(before[id], precision, variables.get(`${id}.weight`)!))
      add(`${id}.${part}`, values)
    if (precision.bases < 2) variables.delete(`${id}.sigma2`)
  }
  const waits = ([id, p]: [string, LayerPrecision]) =>
    p.activationBits !== 32 && !variables.has(`${id}.alpha`)
  if (Object.entries(training.manifest).some(waits)) {
    const alphas = initialAlphas(net, training.manifest, valuesOf(training, 'value'), batch)
    for (const [id, alpha] of alphas) add(`${id}.alpha`, Float32Array.of(alpha))
  }
  const { lrm } = config
  if (!lrm || !teacher) return
  const refreshes = lrm.refreshEvery > 0 && step % lrm.refreshEvery === 0
  if (training.axes.size === 0 || refreshes) training.axes = fitTeacherAxes(teacher, batch, lrm)
}

/** Starting scales of a layer whose method changes: sigma1 and sigma2, or the steps of 8-bit weights. */
function newScales(
  before: LayerPrecision | undefined,
  { method, bases }: LayerPrecision,
  { value, shape }: { value: Float32Array; shape: number[] },
): [string, Float32Array][] {
  if (before?.method === method || method === 'fp' || method === 'xnor') return []
  if (method === 'lsq') return [['step', initStep(value, shape[0]!)]]
  return Object.entries(initScales(value, shape[0]!, bases === 2 ? 2 : 1))
}

/** Current or averaged values by name. */
export function valuesOf({ variables }: Training, which: 'value' | 'ema'): Values {
  return new Map([...variables].map(([name, v]) => [name, { shape: v.shape, data: v[which] }]))
}

/** One optimizer step. Mutates the training; returns what is logged beside the loss, which goes to `unlogged`. */
export function trainStep(training: Training, data: Dataset): { loss: Loss; norm: number; rate: number } {
  const { config, net, step } = training
  const batch = batchAt(config, data, step)
  if (step > 0) enterStep(training, batch)
  const { manifest, variables, teacher, axes } = training
  const student = config.role === 'student' ? config : null
  const targets = student?.lrm && teacher ? targetsOf(teacher, batch, axes, student.lrm) : null
  const tau = student?.binarizer.method === 'ebb' ? student.binarizer.tau : null
  const values = valuesOf(training, 'value')
  const { loss, gradients } = lossAndGradients(net, manifest, values, batch, { targets, tau })
  if (targets) disposeTargets(targets)
  const norm = gradientNorm(gradients.values())
  if (!Number.isFinite(loss.total) || !Number.isFinite(norm)) {
    throw new Error(
      `${config.name}: loss ${loss.total}, gradient norm ${norm} at step ${step}: the training diverged`,
    )
  }
  const rate = learningRate(config.optimizer, step, config.steps)
  const shrink = Math.min(1, config.optimizer.clip / (norm + 1e-6))
  for (const [name, variable] of variables) {
    const own = { step: step - variable.born, rate, shrink, config: config.optimizer }
    update(variable, gradients.get(name)!, own)
  }
  training.step++
  training.unlogged.push(loss)
  return { loss, norm, rate }
}

/** The EMA weights as a checkpoint file; scales beside the latent weights they belong to, LRM's axes with them. */
export function checkpointBytes(training: Training): Uint8Array {
  const { about, manifest, step, axes } = training
  return writeCheckpoint(valuesOf(training, 'ema'), { ...about, manifest, step }, true, new Map(), axes)
}
