import { RunStart } from '@/lib/record/training-job'
import { getRun, listRuns } from '@/lib/store/runs'
import { beginRun } from '@/lib/store/training-runs'
import { json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/** All runs with their checkpoints, the last changed first. */
export const GET = route(async () => json({ runs: await listRuns() }))

/** Begins a run, 201, or goes on with the one of this name, 200. */
export const POST = route(async (request) => {
  const { name, created } = await beginRun(parse(RunStart, await readJson(request)))
  return json({ run: await getRun(name), created }, created ? 201 : 200)
})
