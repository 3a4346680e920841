/** Layers of several checkpoints by how much their output error changed against the baseline. */
import { isExact, isMeasured, meanSqnr, type Series } from '../_charts/series'

/** What ranking needs of a checkpoint. */
export type Measured = {
  /** Descending: noise first. */
  timesteps: readonly number[]
  /** bases is 0 where the layer is kept in full precision. */
  layers: readonly { id: string; bases: number; sqnr: Series | null }[]
}

export type RankedLayer = {
  id: string
  /** Mean SQNR over the timesteps that both ends measured and neither has exact, one per checkpoint, dB. */
  means: (number | null)[]
  /** Mean of the last checkpoint minus the baseline's, dB; positive is better. */
  change: number
  /** The same at every timestep of `Ranking.timesteps`. */
  changes: (number | null)[]
}

export type Ranking = {
  /** Timesteps that baseline and last checkpoint share, descending. */
  timesteps: number[]
  /** Most improved first. */
  layers: RankedLayer[]
  /** Ids of layers that all checkpoints have. */
  common: string[]
  /** Ids of layers that only some have. */
  others: string[]
  /** Layers all have, kept in full precision in every one: their error is only what they inherit, unranked. */
  kept: string[]
  /** Layers all have whose output equals the teacher's in baseline or last: there is no change in dB to rank. */
  exact: string[]
  /** Binarized layers all have but that were not measured in baseline and last. */
  unmeasured: string[]
}

/** Ranks the layers all checkpoints have and at least one binarized; the first is the baseline, the last the one whose change counts. */
export function rankLayers(checkpoints: readonly Measured[]): Ranking {
  const baseline = checkpoints[0]
  const last = checkpoints.at(-1)
  const ids = [...new Set(checkpoints.flatMap((c) => c.layers.map((layer) => layer.id)))]
  const inAll = (id: string) => checkpoints.every((c) => c.layers.some((layer) => layer.id === id))
  const common = ids.filter(inAll)
  const others = ids.filter((id) => !inAll(id))
  const isKept = (id: string) =>
    checkpoints.every((c) => c.layers.find((layer) => layer.id === id)?.bases === 0)
  const kept = common.filter(isKept)
  const binarized = common.filter((id) => !kept.includes(id))
  if (!baseline || !last)
    return { timesteps: [], layers: [], common, others, kept, exact: [], unmeasured: binarized }
  const timesteps = baseline.timesteps.filter((t) => last.timesteps.includes(t))
  const layers = binarized
    .flatMap((id) => rankedLayer(id, checkpoints, timesteps) ?? [])
    .sort((a, b) => b.change - a.change)
  const ranked = new Set(layers.map((layer) => layer.id))
  const unranked = binarized.filter((id) => !ranked.has(id))
  const exact = unranked.filter((id) =>
    [baseline, last].some((c) => c.layers.find((layer) => layer.id === id)?.sqnr?.some(isExact)),
  )
  const unmeasured = unranked.filter((id) => !exact.includes(id))
  return { timesteps, layers, common, others, kept, exact, unmeasured }
}

function rankedLayer(id: string, checkpoints: readonly Measured[], timesteps: number[]): RankedLayer | null {
  const byTime = checkpoints.map((c) => {
    const series = c.layers.find((layer) => layer.id === id)?.sqnr
    return new Map(c.timesteps.map((t, i) => [t, series?.[i] ?? null]))
  })
  const first = byTime[0]!
  const last = byTime.at(-1)!
  const differs = (v: number | null | undefined) => isMeasured(v) && !isExact(v)
  const both = timesteps.filter((t) => differs(first.get(t)) && differs(last.get(t)))
  if (both.length === 0) return null
  const means = byTime.map((values) => meanSqnr(both.map((t) => values.get(t) ?? null)))
  return {
    id,
    means,
    change: means.at(-1)! - means[0]!,
    changes: timesteps.map((t) => (both.includes(t) ? last.get(t)! - first.get(t)! : null)),
  }
}

/** The ends of a ranking: at most `best` from its top and `worst` from its bottom, all if nothing would be saved. */
export function endsOf<T>(ranked: readonly T[], best = 11, worst = 5): { top: T[]; bottom: T[] } {
  if (ranked.length <= best + worst + 1) return { top: [...ranked], bottom: [] }
  return { top: ranked.slice(0, best), bottom: ranked.slice(-worst) }
}
