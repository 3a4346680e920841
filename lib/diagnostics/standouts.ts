/**
 * Which layer stands out by its bases, and why, so that a fault in one of hundreds is seen: a scale or a step that is wrong, a second
 * basis that is off, a layer left in full precision, signs that were changed, channels that are dead. A trained network is never even, so a
 * layer is held against its own kind: how far it lies from the median, in units of how far the next one does.
 */
import { quantiles } from '../math/quantiles'
import { keptFullPrecision } from '../quant/kept-layers'
import type { BasisFit, BasisStats, LayerRecord } from '../record/run'
import { columnOf, unpackGrids } from '../record/sweep'
import type { SweepRecord } from '../record/sweep-record'

/** By what a layer stands out, and how far. */
export type Reason = {
  measure: BasisMeasure
  value: number
  /** Output channel it is about; null where it is about the whole layer. */
  channel: number | null
  /** Of all layers that have the measure, and the worst of the others. */
  median: number
  next: number
  /** (value - median) / (next - median): 1 is nothing, 3 is three times as far out as any other layer. */
  score: number
}

/** A layer, or for its axes a module, with what it is the worst by, the largest score first. */
export type Standout = { layer: string; reasons: Reason[] }

type Found = { layer: string; value: number; channel: number | null }

type Measure = {
  worst: 'largest' | 'smallest' | 'furthest from the median'
  /** Distances from the median below this mean nothing, in the unit of the measure. */
  least: number
  /** Written after the point. */
  digits: number
  of: (records: readonly LayerRecord[], modules: Modules) => Found[]
}

type Modules = SweepRecord['modules']

/** The weights that bases are fitted to: the latent ones where they are stored, else the teacher's. */
export const fitOf = ({ latent, teacher }: BasisStats): BasisFit | null => latent?.fit ?? teacher?.fit ?? null

const measures = {
  /** Bases fewer than the layers around it have; full precision has none. */
  missingBases: { worst: 'largest', least: 0.2, digits: 0, of: missingBases },
  /** dB that least-squares scales would gain with the signs as they are. */
  scalesLeft: {
    worst: 'largest',
    least: 0.5,
    digits: 1,
    of: ofBases((bases) => {
      const fit = fitOf(bases)
      return fit && { value: fit.scalesLeft }
    }),
  },
  /** dB that the best signs would gain over these with least-squares scales. */
  signsLeft: {
    worst: 'largest',
    least: 1,
    digits: 1,
    of: ofBases((bases) => {
      const fit = fitOf(bases)
      return fit && { value: fit.bestSqnr - fit.refitSqnr }
    }),
  },
  /**
   * How much larger its weights in use are than those they stand for (the teacher's, if there is one), in octaves: log2 of the norms.
   * Trained scales stay within a quarter of an octave of each other; a fit in dB hardly notices weights that are too small.
   */
  size: {
    worst: 'furthest from the median',
    least: 0.2,
    digits: 2,
    of: ofBases(({ latent, teacher }) => {
      const size = (teacher?.fit ?? latent?.fit)?.size
      return size ? { value: Math.log2(size) } : null
    }),
  },
  /** Share of the weights on whose sign both bases agree, the outer levels; near 0 the second only takes from the first. */
  agreeing: { worst: 'furthest from the median', least: 0.1, digits: 1, of: agreeingSigns },
  /** sigma2/sigma1, median over the channels; near 0 the second basis is off. */
  ratio: {
    worst: 'smallest',
    least: 0.1,
    digits: 3,
    of: ofBases(({ ratio }) => ratio && { value: ratio.median }),
  },
  /** Share of signs that differ from the teacher's in the channel with most of them. */
  channelFlips: {
    worst: 'largest',
    least: 0.2,
    digits: 1,
    of: ofBases(({ teacher }) => teacher && { value: teacher.flips.share, channel: teacher.flips.channel }),
  },
  /** dB that a better step would gain on the 4- or 8-bit input, mean over the timesteps measured in detail. */
  stepLeft: { worst: 'largest', least: 0.5, digits: 1, of: stepsLeft(false) },
  /** The same of the projections of the time embedding, whose input is another. */
  timeStepLeft: { worst: 'largest', least: 0.5, digits: 1, of: stepsLeft(true) },
  /** Share of the teacher's energy that the axes a training stored of a module miss, and as many axes of now would hold. */
  staleAxes: { worst: 'largest', least: 0.05, digits: 1, of: (_, modules) => staleAxes(modules) },
  /** Entropy of the first basis' signs in bits, median over the channels; 1 is balanced. */
  entropy: {
    worst: 'smallest',
    least: 0.1,
    digits: 3,
    of: ofBases(({ entropy: [first] }) => (first ? { value: first.median } : null)),
  },
  /** Output channels that add next to nothing. */
  dead: { worst: 'largest', least: 1, digits: 0, of: ofBases(({ dead }) => ({ value: dead })) },
} satisfies Record<string, Measure>

export type BasisMeasure = keyof typeof measures

function ofBases(find: (bases: BasisStats) => { value: number; channel?: number } | null): Measure['of'] {
  return (records) =>
    records.flatMap(({ layer, weights }) => {
      const found = weights.bases ? find(weights.bases) : null
      return found ? [{ layer: layer.id, value: found.value, channel: found.channel ?? null }] : []
    })
}

/** Levels are told from lowest to highest of the first basis, in it of the second: the signs agree at both ends. */
function agreeingSigns(records: readonly LayerRecord[]): Found[] {
  return records.flatMap(({ layer, weights: { levelShares } }) =>
    levelShares?.length === 4
      ? [{ layer: layer.id, value: levelShares[0]! + levelShares[3]!, channel: null }]
      : [],
  )
}

function staleAxes(modules: Modules): Found[] {
  return modules.flatMap(({ id, grids }) => {
    const [stored, now] = columnOf(unpackGrids(grids).get('storedEnergy'), 0)
    return typeof stored === 'number' && typeof now === 'number'
      ? [{ layer: id, value: now - stored, channel: null }]
      : []
  })
}

function stepsLeft(onTime: boolean): Measure['of'] {
  return (records) =>
    records.flatMap(({ layer, alignment }) => {
      const measured = (alignment?.local?.stepLeft ?? []).filter((v) => v !== null)
      if (measured.length === 0 || (layer.place.role === 'time_proj') !== onTime) return []
      const value = measured.reduce((sum, v) => sum + v, 0) / measured.length
      return [{ layer: layer.id, value, channel: null }]
    })
}

/**
 * Of each layer inside the network how many bases fewer it has than those around it: than both its neighbours in order of the
 * forward pass, or than every other layer of its block. The edges of a network are kept as they are and do not count.
 */
function missingBases(records: readonly LayerRecord[]): Found[] {
  const inside = records.filter(({ layer }) => !keptFullPrecision(layer))
  const block = ({ layer: { place } }: LayerRecord) => `${place.part} ${place.level} ${place.block}`
  return inside.map((record, i) => {
    const neighbours = [inside[i - 1], inside[i + 1]].filter((other) => other !== undefined)
    const peers = inside.filter((other) => other !== record && block(other) === block(record))
    const around = (others: readonly LayerRecord[]) =>
      others.length < 2 ? 0 : Math.min(...others.map(({ precision }) => precision.bases))
    const expected = Math.max(around(neighbours), record.layer.place.block === null ? 0 : around(peers))
    return { layer: record.layer.id, value: Math.max(0, expected - record.precision.bases), channel: null }
  })
}

/**
 * Layers, and modules with axes of a training (SweepRecord), that are the worst by a measure, the one furthest from its kind
 * first. [] without binarized layers.
 */
export function standouts(records: readonly LayerRecord[], modules: Modules = []): Standout[] {
  const byLayer = new Map<string, Reason[]>()
  if (!records.some(({ precision }) => precision.bases > 0)) return []
  for (const measure of Object.keys(measures) as BasisMeasure[]) {
    const found = worstBy(records, modules, measure)
    if (found) byLayer.set(found.layer, [...(byLayer.get(found.layer) ?? []), found.reason])
  }
  return [...byLayer]
    .map(([layer, reasons]) => ({ layer, reasons: reasons.sort((a, b) => b.score - a.score) }))
    .sort((a, b) => b.reasons[0]!.score - a.reasons[0]!.score)
}

/** null for a measure that fewer than three layers have, or by which none differs from the others. */
function worstBy(
  records: readonly LayerRecord[],
  modules: Modules,
  measure: BasisMeasure,
): { layer: string; reason: Reason } | null {
  const { worst, least, of } = measures[measure]
  const found = of(records, modules)
  if (found.length < 3 || found.every(({ value }) => value === found[0]!.value)) return null
  const [median] = quantiles(
    Float32Array.from(found, ({ value }) => value),
    [0.5],
  )!
  const distance = (value: number) => Math.abs(value - median!)
  const badness = {
    largest: ({ value }: Found) => value,
    smallest: ({ value }: Found) => -value,
    'furthest from the median': ({ value }: Found) => distance(value),
  }[worst]
  // of equal ones the first in order of the forward pass
  const [first, second] = found.toSorted((a, b) => badness(b) - badness(a)) as [Found, Found]
  const score = distance(first.value) / Math.max(least, distance(second.value))
  const { layer, value, channel } = first
  return { layer, reason: { measure, value, channel, median: median!, next: second.value, score } }
}

/** Measures written in per cent. */
const shares: readonly BasisMeasure[] = ['channelFlips', 'staleAxes', 'agreeing']

const decimals = (value: number, digits: number) => value.toFixed(digits).replace('-', '−')

/** What the value of each measure says, in words. */
const words: Record<BasisMeasure, (value: string, channel: number | null) => string> = {
  missingBases: (value) => `${value} bases fewer than the layers around it`,
  scalesLeft: (value) => `least-squares scales would gain ${value} dB`,
  signsLeft: (value) => `the best signs would gain ${value} dB`,
  size: (value) => `its weights are ${value} octaves larger than those they stand for`,
  agreeing: (value) => `its two bases agree on ${value} % of the signs`,
  ratio: (value) => `sigma2/sigma1 is ${value}`,
  channelFlips: (value, channel) => `${value} % of the signs of channel ${channel} are not the teacher’s`,
  stepLeft: (value) => `a better step of its input would gain ${value} dB`,
  timeStepLeft: (value) => `a better step of its input would gain ${value} dB`,
  staleAxes: (value) => `the axes its training stored miss ${value} % of the energy that axes of now hold`,
  entropy: (value) => `its signs hold ${value} bits each`,
  dead: (value) => `${value} channels add next to nothing`,
}

/** "least-squares scales would gain 9.5 dB (median 0.1, next 0.4)". */
export function reasonInWords({ measure, value, channel, median, next }: Reason): string {
  const written = (v: number) =>
    shares.includes(measure) ? decimals(100 * v, 1) : decimals(v, measures[measure].digits)
  return `${words[measure](written(value), channel)} (median ${written(median)}, next ${written(next)})`
}
