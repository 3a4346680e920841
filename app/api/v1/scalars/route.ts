import * as z from 'zod/mini'
import { Scalar } from '@/lib/record/run'
import { batchId } from '@/lib/record/training-job'
import { getRun } from '@/lib/store/runs'
import { appendScalars, getScalars, replaceScalars, scalarNames } from '@/lib/store/scalars'
import { json, notFound, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

const Log = z.strictObject({
  run: z.string(),
  batch: batchId,
  scalars: z.array(Scalar).check(z.maxLength(100_000)),
})

/** ?run=NAME lists the names of its scalars; &name=NAME gives one of them, ascending by step. */
export const GET = route(async (request) => {
  const query = new URL(request.url).searchParams
  const run = await getRun(query.get('run') ?? '')
  if (!run) throw notFound('run of this name')
  const name = query.get('name')
  return json(
    name === null
      ? { names: await scalarNames([run.id]) }
      : { values: (await getScalars(run.id, [name])).get(name) ?? [] },
  )
})

/** Appends to what the run has logged; a `batch` that is stored already changes nothing. */
export const POST = route(async (request) => {
  const { run, scalars, batch } = parse(Log, await readJson(request))
  await appendScalars(run, scalars, batch)
  return json({ stored: scalars.length }, 201)
})

/** Replaces what the run has logged. */
export const PUT = route(async (request) => {
  const { run, scalars } = parse(Log, await readJson(request))
  await replaceScalars(run, scalars)
  return json({ stored: scalars.length })
})
