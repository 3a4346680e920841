import { putBlob, sweepBlobs } from '../../lib/store/blobs'
import { getCheckpoint, storeCheckpoint } from '../../lib/store/checkpoints'
import { storeStamp } from '../../lib/store/live'
import { getRun, listRuns } from '../../lib/store/runs'
import { createShare, openShare } from '../../lib/store/shares'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { uploadOf } from './upload'

const hour = 3_600_000

/** What the server's clock says while it stores one checkpoint after the other. */
const clocks: [string, number][] = [
  ['1970', 0],
  ['an hour later', hour],
  ['today', Date.now()],
  ['an hour back', Date.now() - hour],
  ['2038, past 32 bits', Date.UTC(2038, 0, 19, 3, 14, 8)],
  ['2100', Date.UTC(2100, 0, 1)],
  ['today again', Date.now()],
]

/** Imports, shares and sweeps at each of these times, jumping also in the middle of an import. */
export async function importAtOddTimes() {
  return inNewStore(async () => {
    const real = Date
    let wrongOrder = 0
    let [unchangedStamps, wrongShares] = [0, 0]
    const ids: string[] = []
    try {
      for (const [i, [name, time]] of clocks.entries()) {
        setClock(real, time)
        const before = await storeStamp(null)
        const { sha256 } = await putBlob(new TextEncoder().encode(name))
        setClock(real, time - hour)
        const run = `run-${i}`
        ids.push((await storeCheckpoint(uploadOf({ name: run, step: 1, sha256, bytes: 1, layers: 1 }))).id)
        if ((await storeStamp(null)) === before) unchangedStamps++
        // The step decides in a run, the order of arrival among runs, whatever the clock says.
        await storeCheckpoint(uploadOf({ name: 'steps', step: i, sha256, bytes: 1, layers: 1 }))
        const steps = (await getRun('steps'))!.checkpoints.map(({ step }) => step)
        const runs = (await listRuns()).filter((run) => run.name !== 'steps').map((run) => run.name)
        const expected = ids.map((_, k) => `run-${k}`).reverse()
        if (String(runs) !== String(expected) || steps.some((step, k) => step !== k)) wrongOrder++
        // A link holds what was stored when it was made.
        const view = { page: 'run', run, layer: null, query: '', checkpoints: [ids.at(-1)!] } as const
        const share = await openShare(
          (await createShare({ ...view, checkpoints: [...view.checkpoints] })).token,
        )
        const { createdAt } = (await getCheckpoint(ids.at(-1)!))!
        if (!share || share.createdAt < createdAt) wrongShares++
        await sweepBlobs()
      }
      const stored = await Promise.all(ids.map(getCheckpoint))
      const lost = stored.filter((checkpoint) => !checkpoint?.hasWeights).length
      return { clocks: clocks.length, lost, wrongOrder, unchangedStamps, wrongShares }
    } finally {
      globalThis.Date = real
    }
  })
}

/** From here on this process believes it is `time`, and that time goes on. */
function setClock(real: DateConstructor, time: number): void {
  const offset = time - real.now()
  const now = () => real.now() + offset
  globalThis.Date = class extends real {
    constructor(...args: []) {
      if (args.length === 0) super(now())
      else super(...args)
    }
    static override now = now
  } as DateConstructor
}

export const row: SafetyRow = {
  test: 'the clock at 1970, 2038 and 2100, and set back by an hour during each import',
  gate: 'no crash, order unchanged, links open what they froze, pages notice every change',
  async measure() {
    const figures = await importAtOddTimes()
    const { clocks, ...wrong } = figures
    return {
      holds: Object.values(wrong).every((count) => count === 0),
      found: `${clocks} clocks: ${wrong.lost} imports lost, ${wrong.wrongOrder} times out of order, ${wrong.wrongShares} wrong links, ${wrong.unchangedStamps} changes missed`,
      figures,
    }
  },
}
