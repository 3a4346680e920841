/** AdamW with gradient clipping and an exponential moving average, on host memory. */
import { updateAlpha } from '../quant/lsq'
import type { OptimizerConfig } from './config'

/** One trained array and everything that must survive a restart with it. All of one length; mutated by `update`. */
export type Trained = {
  value: Float32Array
  ema: Float32Array
  m: Float32Array
  v: Float32Array
  /** Multiplies the learning rate (scales of the binarizer learn more slowly). */
  rate: number
  /** Weight decay applies to weights of layers only. */
  decays: boolean
  /** Scales must stay positive: one update may at most halve them. */
  positive: boolean
}

export function trained(
  value: Float32Array,
  options: { rate?: number; decays?: boolean; positive?: boolean } = {},
): Trained {
  return {
    value: value.slice(),
    ema: value.slice(),
    m: new Float32Array(value.length),
    v: new Float32Array(value.length),
    rate: options.rate ?? 1,
    decays: options.decays ?? false,
    positive: options.positive ?? false,
  }
}

/**
 * Learning rate of a step counted from 0: linear warm-up, then cosine to finalShare at the last step of the cycle;
 * later cycles start at the full rate.
 */
export function learningRate(config: OptimizerConfig, step: number, steps: number): number {
  const { learningRate, warmupSteps, finalShare, cycles } = config
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps
  const cycle = Math.min(cycles - 1, Math.floor((step * cycles) / steps))
  const [start, end] = [Math.ceil((cycle * steps) / cycles), Math.ceil(((cycle + 1) * steps) / cycles)]
  const from = cycle === 0 ? warmupSteps : start
  const progress = (step - from) / Math.max(1, end - 1 - from)
  return learningRate * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress)))
}

/** Euclidean norm over all gradients. */
export function gradientNorm(gradients: Iterable<Float32Array>): number {
  let squares = 0
  for (const g of gradients) for (let i = 0; i < g.length; i++) squares += g[i]! * g[i]!
  return Math.sqrt(squares)
}

const beta1 = 0.9
const beta2 = 0.999
const epsilon = 1e-8

/**
 * One AdamW step (Loshchilov & Hutter 2019), then the EMA. `step` counts from 0, `shrink` is the clip factor
 * of the gradient. Mutates `t`.
 */
export function update(
  t: Trained,
  gradient: Float32Array,
  options: { step: number; rate: number; shrink: number; config: OptimizerConfig },
): void {
  const { step, shrink, config } = options
  const rate = options.rate * t.rate
  const keep = t.decays ? 1 - rate * config.weightDecay : 1
  const debias1 = 1 - beta1 ** (step + 1)
  const debias2 = 1 - beta2 ** (step + 1)
  const decay = Math.min(config.ema, (1 + step) / (10 + step))
  // rate*(first/debias1) / (sqrt(second/debias2) + epsilon) with one division
  const pace = rate / debias1
  const spread = 1 / Math.sqrt(debias2)
  const { value, ema, m, v, positive } = t
  for (let i = 0; i < value.length; i++) {
    const g = gradient[i]! * shrink
    const first = beta1 * m[i]! + (1 - beta1) * g
    const second = beta2 * v[i]! + (1 - beta2) * g * g
    m[i] = first
    v[i] = second
    const moved = value[i]! * keep - (pace * first) / (spread * Math.sqrt(second) + epsilon)
    const next = positive ? updateAlpha(value[i]!, moved) : moved
    value[i] = next
    ema[i] = decay * ema[i]! + (1 - decay) * next
  }
}
