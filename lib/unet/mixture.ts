/** One pass through layers of several networks of one architecture. */
import type { Quantizer } from '../quant/quantizer'
import type { Layer } from '../record/run'
import { type NetworkParts, type Parts, unetForward } from './forward'
import { predictWith } from './predict'
import type { UNet } from './unet'

/** A network and the quantizer it runs with. */
export type Source = { unet: UNet; quantizer: Quantizer }

/** By the layer's place in the layer list: the network it is taken from instead. */
export type Donors = ReadonlyMap<number, Source>

/**
 * eps of `carrier` with some of its conv and linear layers taken from donors: weights in use, bias and quantizer of the input.
 * Norms, and quantizers of the operands of attention, stay the carrier's. Layers correspond by their place in the list.
 * x (images x C x S x S, NCHW values) at timestep t. Each network is uploaded once, by the first pass it takes part in.
 */
export function predictMixed(carrier: Source, donors: Donors, x: Float32Array, t: number): Float32Array {
  const { unet } = carrier
  const donated = new Map<string, Donated>()
  for (const [index, { unet: other, quantizer }] of donors)
    donated.set(unet.layers[index]!.id, { layer: other.layers[index]!, parts: other.parts(quantizer) })
  const own = unet.parts(carrier.quantizer)
  const parts: Parts = {
    ...own,
    layer: (layer, value) => {
      const donor = donated.get(layer.id)
      return donor ? donor.parts.layer(donor.layer, value) : own.layer(layer, value)
    },
  }
  return predictWith(unet.config, x, t, (input, timesteps) =>
    unetForward(unet.architecture, parts, input, timesteps),
  )
}

/** A layer as its donor has it. */
type Donated = { layer: Layer; parts: NetworkParts }
