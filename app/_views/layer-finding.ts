/** What a Layer page says first, as data: how well the weights are held and how far the output is from the teacher's. */
import { isExact, isMeasured, meanSqnr, type Series } from '../_charts/series'
import type { LayerNeighbour } from './load-layer'
import { type Parting, partingOf } from './run-finding'

export type LayerFinding = {
  /** Mean of the output SQNR over the timesteps at which it is not exact, dB. */
  mean: number
  /** Share of the measured timesteps at which the output equals the teacher's within float32. */
  exact: number
  parting: Parting
  worst: { t: number; value: number }
  /** Share of the measured timesteps at which the error is larger than the signal (below 0 dB). */
  drowned: number
  /** Place among the binarized layers with a mean, 1 = worst; null for a layer that is not binarized. */
  rank: { place: number; of: number } | null
}

/** null if nothing was measured. timesteps descend. */
export function layerFinding(
  id: string,
  timesteps: readonly number[],
  sqnr: Series | null,
  layers: readonly LayerNeighbour[],
): LayerFinding | null {
  const mean = sqnr && meanSqnr(sqnr)
  const parting = sqnr && partingOf(timesteps, sqnr)
  if (mean === null || !parting) return null
  const measured = timesteps.flatMap((t, i) => {
    const value = sqnr[i]
    return isMeasured(value) ? [{ t, value }] : []
  })
  return {
    mean,
    exact: measured.filter((p) => isExact(p.value)).length / measured.length,
    parting,
    worst: measured.reduce((low, p) => (p.value < low.value ? p : low)),
    drowned: measured.filter((p) => p.value < 0).length / measured.length,
    rank: rankOf(id, layers),
  }
}

/** Binarized layers with a measured output, the worst mean first. */
export function worstLayers(layers: readonly LayerNeighbour[]): string[] {
  return layers
    .flatMap(({ layer, bases, sqnr }) => {
      const mean = sqnr && meanSqnr(sqnr)
      return bases > 0 && mean !== null ? [{ id: layer.id, mean }] : []
    })
    .sort((a, b) => a.mean - b.mean)
    .map((layer) => layer.id)
}

function rankOf(id: string, layers: readonly LayerNeighbour[]): LayerFinding['rank'] {
  const order = worstLayers(layers)
  const at = order.indexOf(id)
  return at < 0 ? null : { place: at + 1, of: order.length }
}

/** "1st", "2nd", "3rd", "11th". */
export function ordinal(n: number): string {
  const ending = n % 100 >= 11 && n % 100 <= 13 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')
  return `${n}${ending}`
}
