/** Runs a training to its last step: log, checkpoints, pictures and the state for resuming, written on the way. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dataset } from './data/dataset'
import { writeDurably } from './durable'
import { saveState } from './state'
import type { Loss } from './step'
import { checkpointBytes, type Training, trainStep } from './training'

/** One line of a training's log; losses are means since the line before. */
export type LogLine = {
  step: number
  /** What is trained on: eps + weight * lrm + ebb. */
  loss: number
  /** Mean square error of the predicted noise; like the next two only where it is not the whole loss. */
  eps?: number
  /** Mean over modules of LRM's loss, before its weight. */
  lrm?: number
  /** EBB's penalty on sigma2. */
  ebb?: number
  learningRate: number
  gradientNorm: number
  /** Seconds per step since the line before. */
  secondsPerStep: number
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
  onLog(line: LogLine): void | Promise<void>
  onCheckpoint(path: string): void | Promise<void>
  /** Called every config.samples.every steps. */
  onSamples?(training: Training): Promise<void>
  now(): number
}

/** Trains to the last step, writing log, checkpoints and state on the way. */
export async function runTraining(training: Training, options: RunOptions): Promise<void> {
  const { config } = training
  const { out, data, logEvery, saveEvery, now } = options
  mkdirSync(out, { recursive: true })
  mkdirSync(options.state, { recursive: true })
  const log = join(out, 'log.jsonl')
  keepLogUpTo(log, training.step)
  const snapshot = async () => {
    if (!config.snapshots.includes(training.step)) return
    const path = join(out, checkpointName(training.step))
    writeDurably(path, checkpointBytes(training))
    await options.onCheckpoint(path)
  }
  await snapshot()
  let [since, from] = [now(), training.step]
  while (training.step < config.steps) {
    const { norm, rate } = trainStep(training, data)
    if (training.step % logEvery === 0 || training.step === config.steps) {
      const line: LogLine = {
        step: training.step,
        ...means(training.unlogged),
        learningRate: round(rate),
        gradientNorm: round(norm),
        secondsPerStep: round((now() - since) / 1000 / (training.step - from)),
      }
      writeFileSync(log, `${JSON.stringify(line)}\n`, { flag: 'a' })
      await options.onLog(line)
      training.unlogged = []
      ;[since, from] = [now(), training.step]
    }
    await snapshot()
    if (config.samples && training.step % config.samples.every === 0) await options.onSamples?.(training)
    if (training.step % saveEvery === 0) saveState(training, options.state)
  }
  saveState(training, options.state)
}

/** step-000500.safetensors */
export function checkpointName(step: number): string {
  return `step-${String(step).padStart(6, '0')}.safetensors`
}

function means(losses: Loss[]): Pick<LogLine, 'loss' | 'eps' | 'lrm' | 'ebb'> {
  const mean = (key: keyof Loss) =>
    round(losses.reduce((sum, loss) => sum + (loss[key] ?? 0), 0) / losses.length)
  const has = (key: 'lrm' | 'ebb') => losses.some((loss) => loss[key] !== null)
  const extra = { ...(has('lrm') ? { lrm: mean('lrm') } : {}), ...(has('ebb') ? { ebb: mean('ebb') } : {}) }
  const whole = Object.keys(extra).length === 0
  return { loss: mean('total'), ...(whole ? {} : { eps: mean('eps'), ...extra }) }
}

function round(x: number): number {
  return Number(x.toPrecision(5))
}

/** Drops log lines after a step, which will be written again, and a line that was cut off. */
function keepLogUpTo(path: string, step: number): void {
  if (!existsSync(path)) return
  const whole = readFileSync(path, 'utf8').split('\n').slice(0, -1)
  const kept = whole.filter((line) => (JSON.parse(line) as LogLine).step <= step)
  writeDurably(path, Buffer.from(kept.map((line) => `${line}\n`).join('')))
}
