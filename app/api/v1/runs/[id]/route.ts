import { RunChange } from '@/lib/record/training-job'
import { getRun } from '@/lib/store/runs'
import { scalarNames } from '@/lib/store/scalars'
import { changeRun, findRun, outcomeOf } from '@/lib/store/training-runs'
import { openUploads } from '@/lib/store/uploads'
import { json, notFound, parse, readJson, route } from '../../_route'

export const dynamic = 'force-dynamic'

type Params = { id: string }

/** A run by name or id: its checkpoints, the names of its scalars, uploads under way and refused, how its job ended. */
export const GET = route<Params>(async (_request, { id }) => json(await described(id)))

/** How its job ended, and its settings. */
export const PATCH = route<Params>(async (request, { id }) => {
  const change = parse(RunChange, await readJson(request))
  const found = await findRun(id)
  if (!found) throw notFound('run of this name')
  await changeRun(found.id, change)
  return json(await described(found.name))
})

async function described(id: string) {
  const found = await findRun(id)
  const run = found && (await getRun(found.name))
  if (!run) throw notFound('run of this name')
  const [outcome, scalars, uploads] = await Promise.all([
    outcomeOf(run.id),
    scalarNames([run.id]),
    openUploads(run.name),
  ])
  return { run, outcome, scalars, uploads }
}
