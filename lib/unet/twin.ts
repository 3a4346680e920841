/**
 * Two networks of one architecture in one pass, side by side; each layer is seen with both its inputs and outputs, so that a
 * comparison needs to hold one layer's features, never those of a pass.
 */
import { type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core'
import { onHost } from '../tensor/on-host'
import { type Architecture, flatten } from './architecture'
import { forwardSideBySide, type NetworkParts, type Parts } from './forward'

/** A value of the first network and of the second. */
export type Pair<T> = readonly [first: T, second: T]

/** A layer's inputs before they are quantized, and its outputs; tensors are valid during the call. */
export type SeenLayer = { index: number; inputs: Pair<Tensor>; outputs: Pair<Tensor> }

export type TwinTaps = {
  /** Sees every layer, by its index in the layer list. What it makes is freed after it. */
  layer?: (seen: SeenLayer) => void
  /** Sees what ends at a block of the first network's name. */
  block?: (id: string, outputs: Pair<Tensor>) => void
}

/**
 * eps of both for x (B,H,W,C) at timesteps t (B values). Parts of a network know its own ids; the two may spell them differently,
 * layers correspond by their place. The caller owns the results.
 */
export function twinForward(
  nets: Pair<Architecture>,
  parts: Pair<NetworkParts>,
  x: Tensor4D,
  t: ArrayLike<number>,
  { layer: seeLayer = () => {}, block = () => {} }: TwinTaps = {},
): Pair<Tensor4D> {
  const indices = new Map(flatten(nets[0]).layers.map(({ id }, i) => [id, i]))
  const eps = forwardSideBySide(nets[0], [parts[0], renamed(parts[1], nets)], x, t, {
    layer: ({ id }, inputs, outputs) => {
      tidy(() => seeLayer({ index: indices.get(id)!, inputs: pair(inputs), outputs: pair(outputs) }))
    },
    output: (id, outputs) => block(id, pair(outputs)),
  })
  return pair(eps)
}

/** Parts of the second network, asked for by the names of the first. */
function renamed(parts: Parts, [first, second]: Pair<Architecture>): Parts {
  const [asked, own] = [flatten(first), flatten(second)]
  const layers = new Map(asked.layers.map(({ id }, i) => [id, own.layers[i]!]))
  const norms = new Map(asked.norms.map(({ id }, i) => [id, own.norms[i]!]))
  return {
    layer: ({ id }, x) => parts.layer(layers.get(id)!, x),
    norm: ({ id }, x) => parts.norm(norms.get(id)!, x),
    operand: parts.operand,
  }
}

const pair = <T>([first, second]: readonly T[]): Pair<T> => [first!, second!]

/** The first images of a batch, copied. */
export function firstImages<T extends Tensor>(x: T, images: number): T {
  return onHost<T>([x], [images, ...x.shape.slice(1)], (out, all) => out.set(all.subarray(0, out.length)))
}
