/** How many bits each layer takes, as the ledgers count them: read off a manifest, or planned for a network without one. */
import { type BasisPlaces, layersWithTwoBases } from '../quant/basis-places'
import { keptFullPrecision } from '../quant/kept-layers'
import { binarizationPresets } from '../quant/presets'
import { type LayerPrecision, weightBits } from '../record/precision'
import type { Layer } from '../record/run'

/** weight: bits of a weight in each of `bases` planes, 32 for floats. activation: bits of an input value, 32 for floats. */
export type LayerBits = { weight: number; bases: 1 | 2; activation: number }

export const floatBits: LayerBits = { weight: 32, bases: 1, activation: 32 }

export function bitsOf(precision: LayerPrecision): LayerBits {
  return {
    weight: weightBits(precision),
    bases: precision.bases === 2 ? 2 : 1,
    activation: precision.activationBits,
  }
}

export type BitPlan = {
  weight: number
  activation: number
  /** Bits of weights and inputs of the first and last convolution and the time MLP; null if they are like the others. */
  kept: number | null
  /** Layers that have a second basis; null if none has. */
  twoBases: BasisPlaces | null
}

/** Bits of each layer, in the order of `layers`. Inputs of kept layers stay floats where all inputs do. */
export function plannedBits(layers: readonly Layer[], plan: BitPlan): LayerBits[] {
  const { weight, activation, kept, twoBases } = plan
  const doubled = twoBases === null ? new Set() : layersWithTwoBases(layers, twoBases)
  return layers.map((layer): LayerBits => {
    if (kept !== null && keptFullPrecision(layer))
      return { weight: kept, bases: 1, activation: activation === 32 ? 32 : kept }
    return { weight, bases: doubled.has(layer.id) ? 2 : 1, activation }
  })
}

export const planNames = ['baseline', 'v1', 'v5'] as const
export type PlanName = (typeof planNames)[number]

/** The finished student of a version of the paper: v5 has dropped its second basis by then. */
export function presetPlan(name: PlanName): BitPlan {
  const { method, bases, activationBits, keptBits, twoBases } = binarizationPresets[name]
  return {
    weight: 1,
    activation: activationBits,
    kept: keptBits,
    twoBases: method === 'lmb' && bases === 2 ? twoBases : null,
  }
}

/** "W1A4" is what a network calls itself: the bits of the layers that do most of its work, kept ones aside. */
export function nominalBits(layers: readonly Layer[], bits: readonly LayerBits[]): LayerBits {
  const work = new Map<string, { bits: LayerBits; macs: number }>()
  layers.forEach((layer, i) => {
    const own = bits[i]!
    if (own.weight === 32 || keptFullPrecision(layer)) return
    const key = `${own.weight} ${own.activation}`
    const macs = (work.get(key)?.macs ?? 0) + layer.macs
    work.set(key, { bits: { ...own, bases: 1 }, macs })
  })
  const [most] = [...work.values()].sort((a, b) => b.macs - a.macs)
  return most?.bits ?? floatBits
}
