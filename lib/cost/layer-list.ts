/** A network by its layers alone, as a JSON document: what `inspect --json` says of one file is one. */
import * as z from 'zod/mini'
import { LayerPrecision } from '../record/layer-precision'
import { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import { bitsOf, floatBits } from './bits'
import { type CostedNetwork, weightsOf } from './conventions'

const LayerList = z.object({
  /** All values of the network, biases and norms included. */
  parameters: z.int().check(z.positive()),
  /** In order of the forward pass; full precision where nothing else is stated. */
  layers: z.array(z.extend(Layer, { precision: z.optional(LayerPrecision) })).check(z.minLength(1)),
})

/** Whether a document means to be a layer list; `readLayerList` tells what is wrong with one. */
export function isLayerList(json: unknown): boolean {
  return typeof json === 'object' && json !== null && 'layers' in json
}

/** Throws an InputError naming the entry that is missing or wrong. `file` names the source. */
export function readLayerList(json: unknown, file: string): CostedNetwork {
  const result = z.safeParse(LayerList, json)
  if (!result.success) {
    const issue = result.error.issues[0]!
    throw new InputError({
      file,
      item: issue.path.join('.'),
      problem: `the layer list is incomplete or wrong here (${issue.message})`,
      remedy: 'It takes `parameters` and `layers` as `inspect --json` prints them.',
    })
  }
  const { parameters, layers } = result.data
  const inLayers = layers.reduce((n, layer) => n + weightsOf(layer), 0)
  if (parameters < inLayers) {
    throw new InputError({
      file,
      item: 'parameters',
      problem: `${parameters} are stated, the layers alone have ${inLayers} weights`,
      remedy: 'Give all values of the network, biases and norms included.',
    })
  }
  return {
    parameters,
    layers: layers.map(({ precision, ...layer }) => layer),
    bits: layers.map(({ precision }) => (precision ? bitsOf(precision) : floatBits)),
  }
}
