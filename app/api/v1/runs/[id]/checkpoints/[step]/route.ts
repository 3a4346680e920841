import { findCheckpoint } from '@/lib/store/checkpoints'
import { findRun } from '@/lib/store/training-runs'
import { json, notFound, route } from '../../../../_route'

export const dynamic = 'force-dynamic'

/** A checkpoint of a run with its diagnosis: by step, or the `latest`. Its file, if stored, is at `weights`. */
export const GET = route<{ id: string; step: string }>(async (_request, { id, step }) => {
  const run = /^(latest|\d{1,9})$/.test(step) ? await findRun(id) : null
  const checkpoint = run && (await findCheckpoint(run.name, step === 'latest' ? null : Number(step)))
  if (!checkpoint) throw notFound('checkpoint of this run at this step')
  return json({ ...checkpoint, weights: checkpoint.hasWeights ? `/api/v1/blobs/${checkpoint.sha256}` : null })
})
