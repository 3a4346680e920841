import { getPng } from '@/lib/store/pictures'
import { notFound, route } from '../../_route'

export const dynamic = 'force-dynamic'

/** A picture of a training job, as the PNG that was sent. */
export const GET = route<{ id: string }>(async (_request, { id }) => {
  const png = await getPng(id)
  if (!png) throw notFound('picture of this id')
  return new Response(png, {
    headers: { 'content-type': 'image/png', 'cache-control': 'private, max-age=86400, immutable' },
  })
})
