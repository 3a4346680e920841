import { listRuns } from '@/lib/store/runs'
import { json, route } from '../_route'

export const dynamic = 'force-dynamic'

/** All runs with their checkpoints, the last changed first. */
export const GET = route(async () => json({ runs: await listRuns() }))
