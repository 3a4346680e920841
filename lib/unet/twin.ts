/**
 * Two networks of one architecture in one pass: the first half of the batch goes through the first, the second half through the
 * second. Whatever has no parameters runs on both at once; each layer is seen with both its inputs and outputs, so that a
 * comparison needs to hold one layer's features, never those of a pass.
 */
import { concat, slice, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core'
import type { Layer } from '../record/run'
import { type Architecture, flatten, type Norm } from './architecture'
import { type NetworkParts, type Parts, type Tap, unetForward } from './forward'
import { groupNorm } from './ops'

/** A value of the first network and of the second. */
export type Pair<T> = readonly [first: T, second: T]

/** A layer's inputs before they are quantized, and its outputs; tensors are valid during the call. */
export type SeenLayer = { index: number; inputs: Pair<Tensor>; outputs: Pair<Tensor> }

export type TwinTaps = {
  /** Sees every layer, by its index in the layer list. */
  layer?: (seen: SeenLayer) => void
  /** Sees what ends at a block of the first network's name, both halves in one tensor. */
  block?: Tap
}

/**
 * eps of both for x (B,H,W,C) at timesteps t (B values), as (2B,H,W,out). Parts of a network know its own ids; the two may spell
 * them differently, layers correspond by their place. The caller owns the result.
 */
export function twinForward(
  nets: Pair<Architecture>,
  parts: Pair<NetworkParts>,
  x: Tensor4D,
  t: ArrayLike<number>,
  { layer: seeLayer = () => {}, block }: TwinTaps = {},
): Tensor4D {
  const [first, second] = nets.map(flatten) as [Units, Units]
  const indices = new Map(first.layers.map(({ id }, i) => [id, i]))
  const norms = new Map(first.norms.map(({ id }, i) => [id, second.norms[i]!]))
  const twins: Parts = {
    layer: (layer, x) =>
      tidy(() => {
        const index = indices.get(layer.id)!
        const inputs = halves(x)
        const outputs: Pair<Tensor> = [
          parts[0].layer(layer, inputs[0]),
          parts[1].layer(second.layers[index]!, inputs[1]),
        ]
        seeLayer({ index, inputs, outputs })
        return joined(outputs)
      }),
    norm: (norm, x) =>
      tidy(() => {
        const [a, b] = [parts[0].affine(norm), parts[1].affine(norms.get(norm.id)!)]
        const { normGroups, normEpsilon } = nets[0].config
        return groupNorm(x, joined([a[0], b[0]]), joined([a[1], b[1]]), normGroups, normEpsilon)
      }),
    operand: (id, x) =>
      tidy(() => {
        const [a, b] = halves(x)
        return joined([parts[0].operand(id, a), parts[1].operand(id, b)])
      }),
  }
  const twice = joined<Tensor4D>([x, x])
  const eps = unetForward(nets[0], twins, twice, [...Array.from(t), ...Array.from(t)], block)
  twice.dispose()
  return eps
}

type Units = { layers: Layer[]; norms: Norm[] }

/** The first and the second half of a batch. */
export function halves<T extends Tensor>(both: T): Pair<T> {
  const images = both.shape[0]! / 2
  return [firstImages(both, images), slice(both, images, images) as T]
}

/** The first images of a batch. */
export function firstImages<T extends Tensor>(x: T, images: number): T {
  return slice(x, 0, images) as T
}

function joined<T extends Tensor>([a, b]: Pair<T>): T {
  return concat([a, b], 0) as T
}
