import { Evaluations } from '@/lib/record/evaluation'
import { listEvaluations, putEvaluations } from '@/lib/store/evaluations'
import { json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Every stored evaluation. */
export const GET = route(async () => json({ evaluations: await listEvaluations() }))

/** Stores an evaluation file; what is there already, by content and protocol, is replaced. */
export const PUT = route(async (request) => {
  const evaluations = parse(Evaluations, await readJson(request))
  return json({ stored: evaluations.length, ...(await putEvaluations(evaluations)) })
})
