import { wordsOf } from '@/lib/record/places'
import { findPlaces } from '@/lib/store/places'
import { queryOf, wholeNumber } from '../_query'
import { json, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Letters of a search that are looked at. */
const mostLetters = 200

/** Runs, checkpoints and layers with every word of ?q=; layers are those of ?run= at the step ?c=, or its latest. */
export const GET = route(async (request) => {
  const query = queryOf(request)
  const step = query('c', '')
  return json(
    await findPlaces(wordsOf(query('q', '').slice(0, mostLetters)), {
      run: query('run', '') || null,
      step: step === '' ? null : wholeNumber('c', step),
    }),
  )
})
