import { SharedView, ShareTerms } from '@/lib/record/shared-view'
import { createShare, listShares } from '@/lib/store/shares'
import { json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Freezes a view; the answer's token opens it at /s/TOKEN and is not told again. The body is the view with its terms. */
export const POST = route(async (request) => {
  const body = await readJson(request, 64 * 2 ** 10)
  return json(await createShare(parse(SharedView, body), parse(ShareTerms, body)), 201)
})

/** The links made, the latest first, without their tokens. */
export const GET = route(async () => json({ shares: await listShares() }))
