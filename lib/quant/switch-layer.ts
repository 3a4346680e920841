/**
 * One layer of a student at another precision without training: more or fewer bases, its teacher's weights, other bits of its
 * input. Weights are OIHW or [out, in], n values per output channel.
 */
import type { LayerPrecision } from '../record/precision'
import type { LayerSwitch } from '../record/switches'
import type { Tensor } from '../tensor/tensor'
import { basisScales, effectiveWeight, type Scales, type Whose } from './binarizer'
import { codeRange } from './lsq'
import { isPacked, type StoredWeight } from './quantizer'
import { initScales, meanAbs, rowLength } from './scales'
import { signOf } from './ste'
import { switchedPrecision } from './switched-precision'

/** A layer as it runs. */
export type SwitchableLayer = { precision: LayerPrecision; weight: StoredWeight; scales: Scales }

/**
 * The layer after the switch; the layer itself where nothing changes. A dropped second basis leaves the first as it is. A second
 * basis is fitted to what the first leaves (sigma2 = mean|r|) of the latent weights, or where only their signs are stored of
 * the teacher's. A layer without bases gets them from the weights it computes with. The teacher's layer is used for
 * its weights in use. An input step goes from bits to other bits as LSQ starts it, in proportion to 1/sqrt(Qp).
 */
export function switchLayer(
  layer: SwitchableLayer,
  to: LayerSwitch,
  teacherWeight: () => Tensor,
  whose?: Whose,
): SwitchableLayer {
  const precision = switchedPrecision(layer.precision, to)
  const alpha = switchedAlpha(layer, precision)
  const { weight, scales } = switchedTensors(layer, precision, teacherWeight, whose)
  return { precision, weight, scales: { ...scales, alpha } }
}

function switchedAlpha(
  { precision: before, scales }: SwitchableLayer,
  after: LayerPrecision,
): number | undefined {
  const [from, to] = [before.activationBits, after.activationBits]
  if (scales.alpha === undefined || from === 32 || to === 32) return scales.alpha
  return Math.fround(scales.alpha * Math.sqrt(codeRange(from).Qp / codeRange(to).Qp))
}

function switchedTensors(
  layer: SwitchableLayer,
  after: LayerPrecision,
  teacherWeight: () => Tensor,
  whose?: Whose,
): { weight: StoredWeight; scales: Scales } {
  const { precision: before, weight, scales } = layer
  if (after.method === before.method && after.bases === before.bases) return { weight, scales }
  if (after.bases === 0) return { weight: teacherWeight(), scales: {} }
  if (before.bases === 0) {
    const floats = effectiveWeight(before, weight, scales, whose)
    return {
      weight: floats,
      scales: initScales(floats.data, floats.shape[0] ?? 1, after.bases, before.zeroSign),
    }
  }
  const { sigma1 } = basisScales({ ...before, bases: 1 }, weight, scales, whose)!
  if (after.bases === 1) {
    const first = isPacked(weight) ? { ...weight, codes: weight.codes.slice(0, 1) } : weight
    return { weight: first, scales: { sigma1 } }
  }
  return withSecondBasis(weight, sigma1, isPacked(weight) ? teacherWeight() : weight, before.zeroSign)
}

/** sigma1 and the signs of `weight`, and a second basis for what they leave of the floats `of`. */
function withSecondBasis(
  weight: StoredWeight,
  sigma1: Float32Array,
  of: Tensor,
  zero: 0 | 1 = 1,
): { weight: StoredWeight; scales: Scales } {
  const n = rowLength(of.data, sigma1.length)
  const first = isPacked(weight) ? weight.codes[0]! : of.data
  const r = of.data.map((v, i) => v - sigma1[Math.floor(i / n)]! * signOf(first[i]!, zero))
  const scales = { sigma1, sigma2: meanAbs(r, sigma1.length) }
  if (!isPacked(weight)) return { weight, scales }
  return {
    weight: { ...weight, codes: [weight.codes[0]!, Int8Array.from(r, (v) => signOf(v, zero))] },
    scales,
  }
}
