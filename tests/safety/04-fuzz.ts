import { fuzz } from '../corpus/fuzz'
import type { SafetyRow } from './row'

const trials = 10_000
const slowestMs = 2000

export const row: SafetyRow = {
  test: `${trials} flips of bits and cut ends in 20 legal files of every container`,
  gate: `each refused in words or read whole, 0 crashes, none slower than ${slowestMs / 1000} s`,
  async measure(say) {
    let [refused, slowest] = [0, 0]
    const wrong: string[] = []
    for (let seed = 0; seed < trials; seed++) {
      const start = performance.now()
      const outcome = await fuzz(seed)
      slowest = Math.max(slowest, performance.now() - start)
      if (outcome.verdict === 'refused') refused++
      if (outcome.wrong) wrong.push(`${outcome.file}, damage ${seed}: ${outcome.wrong}`)
    }
    for (const complaint of wrong) say(complaint)
    return {
      holds: wrong.length === 0 && slowest <= slowestMs,
      found: `${refused} refused, ${trials - refused - wrong.length} read whole, ${wrong.length} wrong, slowest ${slowest.toFixed(0)} ms`,
      figures: { trials, refused, wrong: wrong.length, slowestMs: Math.round(slowest) },
    }
  },
}
