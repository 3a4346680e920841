/** One pass through layers of several networks of one architecture. */
import type { Quantizer } from '../quant/quantizer'

import { type Parameters, unetForward } from './forward'
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
  const layers = new Map<string, Part>()
  for (const [index, source] of donors) {
    const id = source.unet.layers[index]!.id
    layers.set(unet.layers[index]!.id, { id, source, parameters: source.unet.parameters(source.quantizer) })
  }
  const own = unet.parameters(carrier.quantizer)
  const parameters: Parameters = (name) => {
    const dot = name.lastIndexOf('.')
    const part = layers.get(name.slice(0, dot))
    return part ? part.parameters(`${part.id}${name.slice(dot)}`) : own(name)
  }
  return predictWith(unet.config, x, t, (input, timesteps) =>
    unetForward(unet.architecture, parameters, input, timesteps, (id, value) => {
      const part = layers.get(id)
      return part ? part.source.quantizer.input(part.id, value) : carrier.quantizer.input(id, value)
    }),
  )
}

/** A layer as its donor has it, under the donor's id. */
type Part = { id: string; source: Source; parameters: Parameters }
