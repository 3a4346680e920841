import { packedCheckpoint, sha256Of } from '@/lib/store/packed-checkpoint'
import { notFound, route } from '../../../_route'
import { checkMayRead } from '../../../_shared-file'

export const dynamic = 'force-dynamic'

/** A student at one bit per weight and basis, without its latent weights: what the engine needs of it. */
export const GET = route<{ id: string }>(async (request, { id }) => {
  await checkMayRead(request, (await sha256Of(id)) ?? '')
  const bytes = await packedCheckpoint(id)
  if (!bytes) throw notFound('checkpoint of this id')
  return new Response(bytes, {
    headers: {
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="${id}-packed.safetensors"`,
      'cache-control': 'private, max-age=3600',
    },
  })
}, 'open')
