import { LayerLogBatch } from '@/lib/record/training-job'
import { getLayerLogs, getLayerLogsAt, layerLogSteps, putLayerLogs } from '@/lib/store/layer-logs'
import { findRun } from '@/lib/store/training-runs'
import { queryOf, wholeNumber } from '../_query'
import { json, notFound, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/**
 * What a training job measured on its layers. ?run=NAME lists the steps; &step=N gives all layers at one;
 * &layer=NAME gives one layer, ascending by step.
 */
export const GET = route(async (request) => {
  const query = queryOf(request)
  const run = await findRun(query('run'))
  if (!run) throw notFound('run of this name')
  const [layer, step] = [query('layer', ''), query('step', '')]
  if (layer) return json({ layers: await getLayerLogs(run.id, layer) })
  if (step) return json({ layers: await getLayerLogsAt(run.id, wholeNumber('step', step)) })
  return json({ steps: await layerLogSteps(run.id) })
})

/** Adds measurements; the last one of a layer at a step stands, and a `batch` that is stored already changes nothing. */
export const POST = route(async (request) => {
  const { run, layers, batch } = parse(LayerLogBatch, await readJson(request))
  await putLayerLogs(run, layers, batch)
  return json({ stored: layers.length }, 201)
})
