/** Contestants that take turns, so that whatever else the machine does slows all of them. Runs in a page. */

/** One call of `run` is what is timed. */
export type Contestant = { name: string; run(): unknown }

/** Milliseconds a contestant is run before it counts, for compilers and caches, and those a sample takes at least. */
const warm = { before: 250, sample: 16 }

/**
 * Milliseconds of a call, `rounds` samples by contestant. A sample is the mean of as many calls as fill it, for the clock of a page is
 * coarse.
 */
export async function interleaved(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<Record<string, number[]>> {
  const samples: [Contestant, number, number[]][] = []
  for (const contestant of contestants) {
    const ms = await warmUp(contestant)
    samples.push([contestant, Math.max(1, Math.ceil(warm.sample / ms)), []])
  }
  for (let round = 0; round < rounds; round++)
    for (const [contestant, calls, taken] of samples) taken.push((await timeOf(contestant, calls)) / calls)
  return Object.fromEntries(samples.map(([{ name }, , taken]) => [name, taken]))
}

/** Milliseconds of a call once it is warm. */
async function warmUp(contestant: Contestant): Promise<number> {
  let [calls, ms] = [1, 0]
  for (let spent = 0; spent < warm.before; calls *= 2) {
    const took = await timeOf(contestant, calls)
    spent += took
    ms = took / calls
  }
  return ms
}

async function timeOf({ run }: Contestant, calls: number): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < calls; i++) {
    const pending = run()
    if (pending instanceof Promise) await pending
  }
  return performance.now() - start
}
