/**
 * What a network costs, under the conventions BinaryDM's versions count with. They disagree, and a ratio means nothing
 * without its convention: each has its formula beside it. v1 is arXiv 2404.05662v1 (tables 1, 2, 5), mid the version
 * between (W1.1A4 in its abstract), v5 arXiv 2404.05662v5 (Eq. 16-17, table 5).
 *
 * Operations are multiply-accumulates (MACs) of conv and linear layers for one image and one call; attention products and
 * the autoencoder of a latent model are not among them. Symbols in formulas: w, a bits of a weight and of an input value;
 * float: layers with 32-bit weights or inputs.
 */
import { keptFullPrecision } from '../quant/kept-layers'
import type { Layer } from '../record/run'
import { type LayerBits, nominalBits } from './bits'
import { float32Bytes, quantizedBytes } from './ledger'

/** A network as its cost is counted: layers with their bits, in one order, and all its values, biases and norms included. */
export type CostedNetwork = { layers: readonly Layer[]; bits: readonly LayerBits[]; parameters: number }

export const conventionNames = ['v1', 'mid', 'v5-eq17', 'bases-counted', 'measured-file'] as const
export type ConventionName = (typeof conventionNames)[number]
export type CountedConvention = Exclude<ConventionName, 'measured-file'>

type Convention = {
  /** What the version's tables call a G: 2^30 or 1e9 operations. */
  giga: number
  operations: { formula: string; of(layer: Layer, bits: LayerBits, nominal: LayerBits): number }
  bytes: {
    formula: string
    /** Of the weights of a layer with their scales. */
    ofLayer(layer: Layer, bits: LayerBits): number
    /** Of one bias or one value of a norm. */
    ofOther(nominal: LayerBits): number
  }
}

/** BOPs = MACs * w * a and OPs = BOPs/64 + FLOPs (v5 Eq. 16-17), for `planes` binary products in place of one. */
function equation17({ macs }: Layer, { weight, activation }: LayerBits, planes: number): number {
  return isFloat({ weight, activation }) ? macs : (planes * macs * weight * activation) / 64
}

function isFloat({ weight, activation }: Pick<LayerBits, 'weight' | 'activation'>): boolean {
  return weight === 32 || activation === 32
}

/** Values of a layer's weight tensor; its bias is not among them. */
export function weightsOf({ kernel, inChannels, outChannels }: Layer): number {
  return kernel ** 2 * inChannels * outChannels
}

/** Weights at their bits and 16-bit scales, for `planes` planes of each; the sizes of mid follow, to 0.1 %. */
function halfScaleBytes(layer: Layer, { weight }: LayerBits, planes: number): number {
  if (weight === 32) return float32Bytes * weightsOf(layer)
  return planes * ((weightsOf(layer) * weight) / 8 + 2 * layer.outChannels)
}

const perBasis = 'sum of bases * MACs * w * a / 64, + MACs of float layers'

export const conventions: Record<CountedConvention, Convention> = {
  v1: {
    giga: 2 ** 30,
    operations: {
      formula: 'all MACs * w * a / 64, kept layers and second bases not looked at',
      of: ({ macs }, _bits, nominal) =>
        isFloat(nominal) ? macs : (macs * nominal.weight * nominal.activation) / 64,
    },
    bytes: {
      formula:
        'w bits per weight and basis, bias and norm; 32-bit scales of the first basis; float weights 4 bytes',
      ofLayer: (layer, { weight, bases }) => {
        if (weight === 32) return float32Bytes * weightsOf(layer)
        // the printed sizes come out without scales of kept layers, whatever their bits
        const scales = keptFullPrecision(layer) ? 0 : float32Bytes * layer.outChannels
        return (bases * weightsOf(layer) * weight) / 8 + scales
      },
      ofOther: ({ weight }) => weight / 8,
    },
  },
  mid: {
    giga: 1e9,
    operations: {
      formula: perBasis,
      of: (layer, bits) => equation17(layer, bits, bits.bases),
    },
    bytes: {
      formula: 'per basis w bits per weight and 16-bit scales; all else 4 bytes',
      ofLayer: (layer, bits) => halfScaleBytes(layer, bits, bits.bases),
      ofOther: () => float32Bytes,
    },
  },
  'v5-eq17': {
    giga: 1e9,
    operations: {
      formula: 'sum of MACs * w * a / 64, + MACs of float layers (Eq. 16-17), second bases not counted',
      of: (layer, bits) => equation17(layer, bits, 1),
    },
    bytes: {
      formula: 'w bits per weight and 16-bit scales, second bases not counted; all else 4 bytes',
      ofLayer: (layer, bits) => halfScaleBytes(layer, bits, 1),
      ofOther: () => float32Bytes,
    },
  },
  'bases-counted': {
    giga: 1e9,
    operations: {
      formula: `${perBasis} (Eq. 16-17 for every basis)`,
      of: (layer, bits) => equation17(layer, bits, bits.bases),
    },
    bytes: {
      formula:
        'packed file: per basis w bits per weight in whole bytes per channel, 32-bit scales; all else 4 bytes',
      ofLayer: (layer, bits) => {
        const { weights, sign, secondBasis, codes, scales } = quantizedBytes(layer, bits)
        return sign + secondBasis + codes + scales + float32Bytes * (weightsOf(layer) - weights)
      },
      ofOther: () => float32Bytes,
    },
  },
}

/** ratio: how many times `counted` goes into `full`. */
export type Saving = { full: number; counted: number; ratio: number; formula: string }

export type LayerCost = { id: string; bits: LayerBits; macs: number; operations: number; bytes: number }

export type Cost = {
  convention: ConventionName
  /** What a G of operations is in tables of this convention. */
  giga: number
  /** Against all MACs; null where the convention counts none. */
  operations: Saving | null
  /** Against 4 bytes per value. */
  bytes: Saving
  /** Weights and scales alone; their bytes and `otherBytes` add up to the total. Empty for a measured file. */
  layers: LayerCost[]
  /** Biases and norms. */
  otherBytes: number
}

export function costOf({ layers, bits, parameters }: CostedNetwork, name: CountedConvention): Cost {
  const { giga, operations, bytes } = conventions[name]
  const nominal = nominalBits(layers, bits)
  const each = layers.map((layer, i): LayerCost => {
    const own = bits[i]!
    return {
      id: layer.id,
      bits: own,
      macs: layer.macs,
      operations: operations.of(layer, own, nominal),
      bytes: bytes.ofLayer(layer, own),
    }
  })
  const others = parameters - layers.reduce((n, layer) => n + weightsOf(layer), 0)
  const otherBytes = others * bytes.ofOther(nominal)
  const sum = (of: (cost: LayerCost) => number) => each.reduce((n, cost) => n + of(cost), 0)
  return {
    convention: name,
    giga,
    operations: saving(
      sum(({ macs }) => macs),
      sum((cost) => cost.operations),
      operations.formula,
    ),
    bytes: saving(float32Bytes * parameters, sum((cost) => cost.bytes) + otherBytes, bytes.formula),
    layers: each,
    otherBytes,
  }
}

/** The file as it lies there, latent weights, header and whatever else it holds included. */
export function measuredCost(parameters: number, fileBytes: number): Cost {
  return {
    convention: 'measured-file',
    giga: 1e9,
    operations: null,
    bytes: saving(float32Bytes * parameters, fileBytes, 'all bytes of the file'),
    layers: [],
    otherBytes: fileBytes,
  }
}

function saving(full: number, counted: number, formula: string): Saving {
  return { full, counted, ratio: full / counted, formula }
}
