import { SharedView } from '@/lib/record/view'
import { createShare } from '@/lib/store/shares'
import { json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Freezes a view; the answer's token opens it at /s/TOKEN and is not told again. */
export const POST = route(async (request) => {
  const view = parse(SharedView, await readJson(request, 64 * 2 ** 10))
  return json(await createShare(view), 201)
})
