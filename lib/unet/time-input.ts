/** The input of every time projection, SiLU of the time embedding, from the weights of the time MLP alone. */
import type { Layer } from '../record/run'
import type { Architecture } from './architecture'
import { timestepSinusoids } from './forward'

/** Timesteps the mean is taken over, evenly from 0 to 1000 as trainings draw them. */
const timesteps = Float32Array.from({ length: 50 }, (_, i) => 20 * i + 10)

/**
 * Mean over timesteps and channels of |SiLU(time embedding)|; null if the time MLP cannot be run. `weightOf` gives the weights in
 * use of a linear layer ([O, I], null if there are none), `biasOf` its bias.
 */
export function meanTimeInput(
  net: Architecture,
  weightOf: (id: string) => Float32Array | null,
  biasOf: (id: string) => Float32Array,
): number | null {
  let x: Float32Array = timestepSinusoids(timesteps, net.config)
  for (const layer of net.time) {
    const weight = weightOf(layer.id)
    if (!weight) return null
    x = silu(dense(x, weight, biasOf(layer.id), layer))
  }
  const mean = x.reduce((sum, v) => sum + Math.abs(v), 0) / x.length
  return Number.isFinite(mean) ? mean : null
}

/** (B, I) -> (B, O). */
function dense(
  x: Float32Array,
  weight: Float32Array,
  bias: Float32Array,
  { inChannels: I, outChannels: O }: Layer,
): Float32Array {
  const out = new Float32Array((x.length / I) * O)
  for (let p = 0; p < out.length; p++) {
    const [b, o] = [Math.floor(p / O), p % O]
    let sum = bias[o]!
    for (let i = 0; i < I; i++) sum += weight[o * I + i]! * x[b * I + i]!
    out[p] = sum
  }
  return out
}

const silu = (x: Float32Array): Float32Array => x.map((v) => v / (1 + Math.exp(-v)))
