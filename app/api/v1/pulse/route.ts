import { loadPulse } from '@/app/_views/pulse'
import { json, route } from '../_route'

export const dynamic = 'force-dynamic'

/** What is going on, of some runs with ?run=NAME for each; `stamp` changes when a page would look different. */
export const GET = route(async (request) => {
  const runs = new URL(request.url).searchParams.getAll('run')
  return json(await loadPulse(runs.length > 0 ? runs : null))
})
