import { getLayerHistory } from '@/lib/store/layers'
import { getRun } from '@/lib/store/runs'
import { json, notFound, route } from '../../../_route'

export const dynamic = 'force-dynamic'

/** A layer over the checkpoints of a run, both by name; ascending by step. */
export const GET = route<{ run: string; layer: string }>(async (_request, { run, layer }) => {
  const found = await getRun(run)
  if (!found) throw notFound('run of this name')
  const history = await getLayerHistory(found.id, layer)
  if (history.length === 0) throw notFound('layer of this name')
  return json({ history })
})
