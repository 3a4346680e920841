/** One of the processes of scripts/demo.ts: takes jobs, answers with records for the store. */
import { type Job, prepareUpload } from '../lib/cli/prepare'
import type { Prepared } from './demo'

process.on('message', async (job: Job) => {
  try {
    answer({ upload: await prepareUpload(job) })
  } catch (error) {
    answer({ problem: (error as Error).message })
  }
})
process.on('disconnect', () => process.exit())

function answer(prepared: Prepared): void {
  process.send?.(prepared)
}
