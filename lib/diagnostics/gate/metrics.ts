/**
 * What a rule of a gate can bound, by name. A value is null where it should be there and cannot be had (weights that are not
 * finite, an output without energy), which no bound accepts, and undefined where a layer has no such thing.
 */

import { bitsOf } from '../../cost/bits'
import { float32Bytes, quantizedBytes } from '../../cost/ledger'
import type { Finding } from '../../record/audit'
import { weightBits } from '../../record/precision'
import type { Diagnosis, LayerRecord } from '../../record/run'

/** What a gate judges: a student's diagnosis against its teacher, and the findings of its audit. */
export type Subject = { diagnosis: Diagnosis; findings: readonly Finding[] }

type Value = number | null | undefined

type Series = readonly (number | null)[]

/** null if there are no values, or one of them is missing. */
function mean(series: Series): number | null {
  const known = series.filter((v) => v !== null)
  if (known.length === 0 || known.length < series.length) return null
  return known.reduce((sum, v) => sum + v, 0) / known.length
}

function least(series: Series): number | null {
  const known = series.filter((v) => v !== null)
  return known.length === 0 || known.length < series.length ? null : Math.min(...known)
}

const average = (values: readonly number[]) => mean(values) ?? Number.NaN

/** One value for each layer. */
export const layerMetrics = {
  /** Weights in use against the teacher's; dB, and share of signs that differ. */
  'weight-sqnr': ({ weights }) => weights.againstTeacher?.sqnr ?? null,
  'weight-cosine': ({ weights }) => weights.againstTeacher?.cosine ?? null,
  flips: ({ weights }) => weights.flips,
  /** Quantized weights against the latent ones they stand for. */
  'reconstruction-sqnr': ({ weights }) => weights.reconstruction?.sqnr,
  'reconstruction-cosine': ({ weights }) => weights.reconstruction?.cosine,
  /** Output against the teacher's, over the timesteps. */
  'output-sqnr-mean': ({ alignment }) => mean(alignment?.sqnr ?? []),
  'output-sqnr-min': ({ alignment }) => least(alignment?.sqnr ?? []),
  'output-cosine-mean': ({ alignment }) => mean(alignment?.cosine ?? []),
  'output-cosine-min': ({ alignment }) => least(alignment?.cosine ?? []),
  /** Mean sigma2 over mean sigma1. */
  'sigma-ratio': ({ precision, weights: { sigma1, sigma2 } }) =>
    precision.bases < 2 ? undefined : sigma1 && sigma2 ? average(sigma2) / average(sigma1) : null,
  alpha: ({ precision, weights }) => (precision.activationBits === 32 ? undefined : weights.alpha),
  /** Bits of a weight per basis, planes, bits of an input value. */
  bits: ({ precision }) => weightBits(precision),
  bases: ({ precision }) => precision.bases,
  'activation-bits': ({ precision }) => precision.activationBits,
  'packed-bytes': ({ layer, precision }) => packedBytes({ layer, precision }),
  'non-finite': ({ weights }) => weights.latent?.moments.nonFinite,
} satisfies Record<string, (record: LayerRecord) => Value>

/** One value for all layers a rule names. */
export const groupMetrics = {
  layers: (records) => records.length,
  'binarized-layers': (records) => records.filter(({ precision }) => precision.bases > 0).length,
  'two-basis-layers': (records) => records.filter(({ precision }) => precision.bases === 2).length,
  'non-finite-total': (records) =>
    records.reduce((n, { weights }) => n + (weights.latent?.moments.nonFinite ?? 0), 0),
} satisfies Record<string, (records: readonly LayerRecord[]) => Value>

/** One value for the network. */
export const networkMetrics = {
  'eps-sqnr-mean': ({ output }) => mean(output?.sqnr ?? []),
  'eps-sqnr-min': ({ output }) => least(output?.sqnr ?? []),
  'eps-cosine-mean': ({ output }) => mean(output?.cosine ?? []),
  'eps-cosine-min': ({ output }) => least(output?.cosine ?? []),
  'network-bytes': ({ ledger }) => ledger.packedBytes,
  'storage-ratio': ({ ledger }) => ledger.fullPrecisionBytes / ledger.packedBytes,
} satisfies Record<string, (diagnosis: Diagnosis) => Value>

export type LayerMetric = keyof typeof layerMetrics
export type GroupMetric = keyof typeof groupMetrics
export type NetworkMetric = keyof typeof networkMetrics
export type Metric = LayerMetric | GroupMetric | NetworkMetric

const keysOf = <K extends string>(record: Record<K, unknown>) => Object.keys(record) as K[]
export const metricNames: readonly Metric[] = [
  ...keysOf(layerMetrics),
  ...keysOf(groupMetrics),
  ...keysOf(networkMetrics),
]

export const isLayerMetric = (name: Metric): name is LayerMetric => Object.hasOwn(layerMetrics, name)
export const isGroupMetric = (name: Metric): name is GroupMetric => Object.hasOwn(groupMetrics, name)
export const isNetworkMetric = (name: Metric): name is NetworkMetric => Object.hasOwn(networkMetrics, name)

/** Of the weights and their scales, as a packed file has them. */
function packedBytes({ layer, precision }: Pick<LayerRecord, 'layer' | 'precision'>): number {
  const { weights, sign, secondBasis, codes, scales } = quantizedBytes(layer, bitsOf(precision))
  const floats = layer.kernel ** 2 * layer.inChannels * layer.outChannels - weights
  return sign + secondBasis + codes + scales + float32Bytes * floats
}
