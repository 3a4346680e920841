/** The input of every time projection, SiLU of the time embedding, from the weights of the time MLP alone. */
import { architecture } from '../../unet/architecture'
import { type Checkpoint, storedWeight } from '../../unet/checkpoint'
import { timestepSinusoids } from '../../unet/forward'
import { weightInUse } from './facts'

/** Timesteps the mean is taken over, evenly from 0 to 1000 as trainings draw them. */
const timesteps = Float32Array.from({ length: 50 }, (_, i) => 20 * i + 10)

/** Mean over timesteps and channels of |SiLU(time embedding)|; null if the time MLP cannot be run. */
export function meanTimeInput(checkpoint: Checkpoint): number | null {
  const net = architecture(checkpoint.config)
  const [first, second] = net.time.map(({ id }) => dense(checkpoint, id))
  if (!first || !second) return null
  const hidden = silu(first(timestepSinusoids(timesteps, checkpoint.config)))
  const input = silu(second(hidden))
  const mean = input.reduce((sum, v) => sum + Math.abs(v), 0) / input.length
  return Number.isFinite(mean) ? mean : null
}

/** (B, I) -> (B, O) with the weights in use of a linear layer; null if its scales do not give any. */
function dense(checkpoint: Checkpoint, id: string): ((x: Float32Array) => Float32Array) | null {
  const { manifest, scales, tensors } = checkpoint
  const stored = storedWeight(checkpoint, id)
  const data = weightInUse(manifest[id]!, stored, scales.get(id) ?? {})
  if (!data) return null
  const bias = tensors.get(`${id}.bias`)!.data
  const O = stored.shape[0]!
  const I = data.length / O
  return (x) => {
    const out = new Float32Array((x.length / I) * O)
    for (let p = 0; p < out.length; p++) {
      const [b, o] = [Math.floor(p / O), p % O]
      let sum = bias[o]!
      for (let i = 0; i < I; i++) sum += data[o * I + i]! * x[b * I + i]!
      out[p] = sum
    }
    return out
  }
}

const silu = (x: Float32Array): Float32Array => x.map((v) => v / (1 + Math.exp(-v)))
