import { listPictures, putPicture } from '@/lib/store/pictures'
import { findRun } from '@/lib/store/training-runs'
import { queryOf, wholeNumber } from '../_query'
import { json, notFound, readBytes, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Bytes of one picture. */
const pictureLimit = 8 * 2 ** 20

/** ?run=NAME: the pictures of a run, the latest step first; each is at /api/v1/samples/ID. */
export const GET = route(async (request) => {
  const run = await findRun(queryOf(request)('run'))
  if (!run) throw notFound('run of this name')
  return json({ samples: await listPictures(run.id) })
})

/** ?run=NAME&step=N[&seed=N][&name=NAME]: stores a PNG, the body; one of the same step, name and seed is replaced. */
export const PUT = route(async (request) => {
  const query = queryOf(request)
  const seed = query('seed', '')
  const picture = {
    step: wholeNumber('step', query('step')),
    name: query('name', 'samples'),
    seed: seed === '' ? null : wholeNumber('seed', seed),
    png: await readBytes(request, pictureLimit, 'Nothing'),
  }
  return json(await putPicture(query('run'), picture), 201)
})
