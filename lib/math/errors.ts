/**
 * Errors of a vector against the reference it stands for. Everything but the tails follows from six sums, and the sums of parts
 * (images, channels) add up to those of the whole.
 */
import { finiteExtent, histogram } from './histogram'
import { quantiles } from './quantiles'
import { sqnrCeiling } from './sqnr-ceiling'

/** Float64 sums over pairs of a reference a and the other b. */
export type ErrorSums = {
  count: number
  /** sum a^2, sum b^2, sum a*b, sum (a-b)^2 */
  energy: number
  otherEnergy: number
  product: number
  noise: number
  /** max |a-b| */
  largest: number
}

export type ErrorMeasures = {
  /** 10*log10(sum a^2 / sum (a-b)^2) in dB, at most sqnrCeiling; higher is better. */
  sqnr: number | null
  /** <a,b> / (|a| |b|), in [-1, 1]; higher is better. */
  cosine: number | null
  /** |a-b| / |a|; lower is better. */
  normalizedL2: number | null
  /** mean (a-b)^2; lower is better. */
  mse: number | null
  /** max |a-b|; lower is better. */
  maxAbs: number | null
}

/** Throws a RangeError if the lengths differ. */
export function errorSums(reference: Float32Array, other: Float32Array): ErrorSums {
  checkLengths(reference, other)
  // two of each sum take turns, so that no addition waits for the one before it
  let [energy, otherEnergy, product, noise, largest] = [0, 0, 0, 0, 0]
  let [energy2, otherEnergy2, product2, noise2, largest2] = [0, 0, 0, 0, 0]
  let i = 0
  for (const last = reference.length - 1; i < last; i += 2) {
    const a = reference[i]!
    const b = other[i]!
    const squared = (a - b) * (a - b)
    energy += a * a
    otherEnergy += b * b
    product += a * b
    noise += squared
    if (squared > largest) largest = squared
    const a2 = reference[i + 1]!
    const b2 = other[i + 1]!
    const squared2 = (a2 - b2) * (a2 - b2)
    energy2 += a2 * a2
    otherEnergy2 += b2 * b2
    product2 += a2 * b2
    noise2 += squared2
    if (squared2 > largest2) largest2 = squared2
  }
  if (i < reference.length) {
    const [a, b] = [reference[i]!, other[i]!]
    energy += a * a
    otherEnergy += b * b
    product += a * b
    noise += (a - b) * (a - b)
    largest = Math.max(largest, (a - b) * (a - b))
  }
  return {
    ...{ count: reference.length, energy: energy + energy2, otherEnergy: otherEnergy + otherEnergy2 },
    ...{ product: product + product2, noise: noise + noise2 },
    largest: Math.sqrt(Math.max(largest, largest2)),
  }
}

/** Values gone through by channel at a time: so many of both vectors stay in the nearest cache. */
const nearValues = 2048

/** Sums of each channel of features [N, C], N positions. Throws a RangeError if the lengths differ or are no rows of C. */
export function channelSums(reference: Float32Array, other: Float32Array, C: number): ErrorSums[] {
  checkLengths(reference, other)
  if (reference.length % C !== 0)
    throw new RangeError(`${reference.length} values are no rows of ${C} channels`)
  const step = C * Math.max(8, Math.floor(nearValues / C))
  const energies = new Float64Array(C)
  const otherEnergies = new Float64Array(C)
  const products = new Float64Array(C)
  const noises = new Float64Array(C)
  const largests = new Float64Array(C)
  for (let from = 0; from < reference.length; from += step) {
    const end = Math.min(from + step, reference.length)
    for (let c = 0; c < C; c++) {
      let energy = energies[c]!
      let otherEnergy = otherEnergies[c]!
      let product = products[c]!
      let noise = noises[c]!
      let largest = largests[c]!
      for (let i = from + c; i < end; i += C) {
        const a = reference[i]!
        const b = other[i]!
        const squared = (a - b) * (a - b)
        energy += a * a
        otherEnergy += b * b
        product += a * b
        noise += squared
        if (squared > largest) largest = squared
      }
      energies[c] = energy
      otherEnergies[c] = otherEnergy
      products[c] = product
      noises[c] = noise
      largests[c] = largest
    }
  }
  return Array.from(energies, (energy, c) => ({
    ...{ count: reference.length / C, energy, otherEnergy: otherEnergies[c]!, product: products[c]! },
    ...{ noise: noises[c]!, largest: Math.sqrt(largests[c]!) },
  }))
}

/** Sums of all parts together. */
export function addSums(parts: readonly ErrorSums[]): ErrorSums {
  const all: ErrorSums = { count: 0, energy: 0, otherEnergy: 0, product: 0, noise: 0, largest: 0 }
  for (const part of parts) {
    all.count += part.count
    all.energy += part.energy
    all.otherEnergy += part.otherEnergy
    all.product += part.product
    all.noise += part.noise
    all.largest = Math.max(all.largest, part.largest)
  }
  return all
}

/**
 * The measures of sums, as PyTorch's Numeric Suite and ONNX Runtime's debugger define SQNR, as the former defines cosine and
 * normalised L2. Equal vectors have SQNR sqnrCeiling, cosine 1 and no error. What divides by a norm of 0 is null; all are
 * where a value was not finite, and for no values.
 */
export function errorMeasures(sums: ErrorSums): ErrorMeasures {
  const { count, energy, otherEnergy, product, noise, largest } = sums
  if (count === 0 || !Number.isFinite(energy) || !Number.isFinite(otherEnergy))
    return { sqnr: null, cosine: null, normalizedL2: null, mse: null, maxAbs: null }
  const cosine = product / Math.sqrt(energy) / Math.sqrt(otherEnergy)
  return {
    sqnr: energy > 0 ? Math.min(sqnrCeiling, 10 * Math.log10(energy / noise)) : null,
    cosine: energy > 0 && otherEnergy > 0 ? Math.max(-1, Math.min(1, cosine)) : null,
    normalizedL2: energy > 0 ? Math.sqrt(noise / energy) : null,
    mse: noise / count,
    maxAbs: largest,
  }
}

export type TailMeasures = {
  /** 99th percentile of |a-b| (linear between neighbours, as NumPy); lower is better. */
  p99Abs: number | null
  /** Kullback-Leibler divergence of the histograms of a and b, nats; lower is better. */
  kl: number | null
}

/** What is no sum: it takes several passes over the values. Both null where a value is not finite. */
export function tailMeasures(reference: Float32Array, other: Float32Array): TailMeasures {
  checkLengths(reference, other)
  const differences = new Float32Array(reference.length)
  for (let i = 0; i < reference.length; i++) {
    differences[i] = Math.abs(reference[i]! - other[i]!)
    if (!Number.isFinite(differences[i])) return { p99Abs: null, kl: null }
  }
  return { p99Abs: quantiles(differences, [0.99])?.[0] ?? null, kl: histogramDivergence(reference, other) }
}

const divergenceBins = 64

/**
 * sum p log(p/q) over 64 equal bins of the common extent, p of a and q of b; half a count is added to each bin, so that an
 * empty one is no infinity. 0 for two constants that are equal.
 */
export function histogramDivergence(reference: Float32Array, other: Float32Array): number | null {
  const extent = finiteExtent(reference, other)
  if (!extent) return null
  const [lo, hi] = extent
  if (lo === hi) return 0
  const [p, q] = [reference, other].map((values) =>
    histogram(values, divergenceBins, [lo, hi]).counts.map(
      (count) => (count + 0.5) / (values.length + 0.5 * divergenceBins),
    ),
  )
  return p!.reduce((sum, share, i) => sum + share * Math.log(share / q![i]!), 0)
}

function checkLengths(reference: Float32Array, other: Float32Array): void {
  if (reference.length !== other.length)
    throw new RangeError(`vectors of ${reference.length} and ${other.length} elements have no agreement`)
}
