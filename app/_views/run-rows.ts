/** What the Run page shows of each layer, cut down from the stored record to what crosses to the browser. */

import type { Audit, AuditRow } from '../../lib/record/audit'
import { weightBits } from '../../lib/record/precision'
import type { Histogram, Layer, LayerRecord } from '../../lib/record/run'
import type { ErrorKind, Metric } from '../_charts/colour'
import { isMeasured, meanOf, meanSqnr, type Series } from '../_charts/series'

export type LayerRow = {
  layer: Layer
  /** 0 when kept in full precision. */
  bases: number
  activationBits: number
  /** Bits of one stored weight, per basis. */
  weightBits: number
  /** Latent weights; of a checkpoint without them the teacher's, if `ofTeacher`; null if neither is known. */
  histogram: Histogram | null
  ofTeacher: boolean
  /** Standard deviation of the same weights; of the levels where there are none. */
  std: number
  /** Values the weights are cut to, at the mean scales over channels. */
  levels: number[]
  /** Median over channels of sigma2/sigma1; null with less than two bases. */
  ratio: number | null
  /** Binarized weights against the latent ones, dB. */
  weightsSqnr: number | null
  flips: number | null
  /** Weights in use against the teacher's, dB; null without a teacher. */
  teacherSqnr: number | null
  /** What one and two sign bases would make of the weights without training, dB; null where it is not known. */
  oneBasisSqnr: number | null
  twoBasesSqnr: number | null
  /** Output channels whose weights are all one value. */
  flatChannels: number | null
  /** Weights that are not finite. */
  nonFinite: number
  /** What the audit says of it; null if the checkpoint was stored without one. */
  audit: Pick<AuditRow, 'severity' | 'verdict'> | null
  /** Per timestep, for each metric, of the error asked for; null if nothing ran. */
  series: Record<Metric, Series> | null
  /** The same of the error with the teacher's input; null if it was not measured. */
  local: Record<Exclude<Metric, 'lowrank'>, Series> | null
}

/** Signs the levels carry: [-s1-s2, -s1+s2, s1-s2, s1+s2] or [-s1, s1]. */
export function meanLevels(sigma1: readonly number[] | null, sigma2: readonly number[] | null): number[] {
  const s1 = meanOf(sigma1 ?? [])
  const s2 = meanOf(sigma2 ?? [])
  if (s1 === null) return []
  return s2 === null ? [-s1, s1] : [-s1 - s2, -s1 + s2, s1 - s2, s1 + s2]
}

/** Median over channels of sigma2/sigma1. */
export function medianRatio(
  sigma1: readonly number[] | null,
  sigma2: readonly number[] | null,
): number | null {
  if (!sigma1 || !sigma2) return null
  const ratios = sigma1.map((s, i) => sigma2[i]! / s).filter(isMeasured)
  ratios.sort((a, b) => a - b)
  return ratios[Math.floor(ratios.length / 2)] ?? null
}

export function layerRow({ layer, precision, weights, alignment }: LayerRecord, audit?: Audit): LayerRow {
  const floats = weights.latent ?? weights.teacher
  const levels = meanLevels(weights.sigma1, weights.sigma2)
  return {
    layer,
    bases: precision.bases,
    activationBits: precision.activationBits,
    weightBits: weightBits(precision),
    histogram: floats?.histogram ?? null,
    ofTeacher: !weights.latent && floats !== null,
    std: floats?.moments.std ?? rootMeanSquare(levels),
    levels,
    ratio: medianRatio(weights.sigma1, weights.sigma2),
    weightsSqnr: weights.reconstruction?.sqnr ?? null,
    flips: weights.flips,
    teacherSqnr: weights.againstTeacher?.sqnr ?? null,
    oneBasisSqnr: weights.channels?.oneBasisSqnr ?? null,
    twoBasesSqnr: weights.channels?.twoBasesSqnr ?? null,
    flatChannels: weights.channels?.flat ?? null,
    nonFinite: weights.latent?.moments.nonFinite ?? 0,
    audit: verdictOf(layer.id, audit),
    series: alignment && {
      sqnr: alignment.sqnr,
      cosine: alignment.cosine,
      lowrank: alignment.lowRankCosine,
    },
    local: alignment?.local ?? null,
  }
}

/** Rows whose series are those of an error; low-rank alignment stays that of the accumulated one. */
export function rowsOf(rows: readonly LayerRow[], kind: ErrorKind): LayerRow[] {
  if (kind === 'accumulated') return [...rows]
  return rows.map((row) => {
    const { series, local } = row
    if (!series || !local) return { ...row, series: null }
    const of = (metric: 'sqnr' | 'cosine'): Series =>
      kind === 'local' ? local[metric] : inherited(series[metric], local[metric])
    return { ...row, series: { ...series, sqnr: of('sqnr'), cosine: of('cosine') } }
  })
}

/** What accumulated errors lose against local ones; null where either is not measured, and where both are exact. */
const inherited = (accumulated: Series, local: Series): Series =>
  accumulated.map((value, i) => {
    const own = local[i]
    return isMeasured(value) && isMeasured(own) ? value - own : null
  })

function verdictOf(id: string, audit: Audit | undefined): LayerRow['audit'] {
  const row = audit?.layers.find(({ layer }) => layer === id)
  return row ? { severity: row.severity, verdict: row.verdict } : null
}

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / Math.max(1, values.length))

/** Mean over timesteps of a metric, of SQNR where it is not exact; null if it was not measured. */
export const rowMean = (row: LayerRow, metric: Metric): number | null =>
  row.series && (metric === 'sqnr' ? meanSqnr : meanOf)(row.series[metric])

/** Rows with a binarized layer and a measured mean, the worst first. */
export function worstFirst(rows: readonly LayerRow[], metric: Metric): LayerRow[] {
  return rows
    .filter((row) => row.bases > 0 && rowMean(row, metric) !== null)
    .sort((a, b) => rowMean(a, metric)! - rowMean(b, metric)!)
}

/** All rows in the order asked for; unmeasured ones last when sorted by error. */
export function sortRows(rows: readonly LayerRow[], sort: 'forward' | 'worst', metric: Metric): LayerRow[] {
  if (sort === 'forward') return [...rows]
  const place = (row: LayerRow) => rowMean(row, metric) ?? Number.POSITIVE_INFINITY
  return rows.toSorted((a, b) => (place(a) === place(b) ? 0 : place(a) - place(b)))
}
