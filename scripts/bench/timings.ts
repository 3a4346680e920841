/** What is said of repeated measurements, and when they are not worth saying. */
import { quantiles } from '../../lib/math/quantiles'

export type Timing = { median: number; min: number }

export function timingOf(milliseconds: readonly number[]): Timing {
  const found = quantiles(Float32Array.from(milliseconds), [0.5, 0])
  if (!found) throw new RangeError('nothing was measured')
  return { median: found[0]!, min: found[1]! }
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/** How far a median may lie above its minimum: beyond it something else had the machine. */
export const quietSpread = 0.15

/** The largest share by which a median lies above its minimum. */
export function spreadOf(timings: readonly Timing[]): number {
  return Math.max(...timings.map(({ median, min }) => median / min - 1))
}

/** Measures again while the spread is too large, `most` times in all; the run with the least spread counts. */
export async function quietRun<T>(
  measure: () => Promise<T>,
  timings: (run: T) => readonly Timing[],
  most: number,
): Promise<{ run: T; runs: number; spread: number }> {
  let run = await measure()
  let spread = spreadOf(timings(run))
  let runs = 1
  for (; runs < most && spread > quietSpread; runs++) {
    const next = await measure()
    const nextSpread = spreadOf(timings(next))
    if (nextSpread < spread) [run, spread] = [next, nextSpread]
  }
  return { run, runs, spread }
}
