import { loadPulse } from '@/app/_views/pulse'
import { json, route } from '../_route'

export const dynamic = 'force-dynamic'

/** What is going on, of one run with ?run=NAME; `stamp` changes when a page would look different. */
export const GET = route(async (request) =>
  json(await loadPulse(new URL(request.url).searchParams.get('run'))),
)
