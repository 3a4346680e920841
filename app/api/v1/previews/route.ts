import sharp from 'sharp'
import { nearestCheckpoint } from '@/app/_views/load'
import { loadPreview, type Preview } from '@/app/_views/load-preview'
import { previewPicture } from '@/app/_views/preview-picture'
import { namesOf } from '@/app/_views/shared-names'
import { getRun } from '@/lib/store/runs'
import { openShare } from '@/lib/store/shares'
import { refusalOf } from '../_access'
import { queryOf, wholeNumber } from '../_query'
import { HttpError, notFound, route } from '../_route'

export const dynamic = 'force-dynamic'

/**
 * The picture of a link, as PNG: ?run=NAME&c=STEP for whoever may read, ?share=TOKEN for whoever has the link. Nobody keeps
 * it: a link may be revoked.
 */
export const GET = route(async (request) => {
  const share = new URL(request.url).searchParams.get('share')
  const preview = share === null ? await previewOfRun(request) : await previewOfShare(share)
  const svg = previewPicture(preview, await pngsOf(preview.samples))
  const png = await sharp(Buffer.from(svg)).png().toBuffer()
  return new Response(new Uint8Array(png), {
    headers: { 'content-type': 'image/png', 'cache-control': 'private, no-store' },
  })
}, 'open')

async function previewOfShare(token: string): Promise<Preview> {
  const share = await openShare(token)
  if (!share) throw notFound('open link')
  const named = await namesOf(share)
  return named(await loadPreview(share))
}

async function previewOfRun(request: Request): Promise<Preview> {
  const refusal = await refusalOf(request.method, request.headers, 'read')
  if (refusal) throw new HttpError(refusal)
  const query = queryOf(request)
  const run = await getRun(query('run'))
  const step = query('c', '')
  const detail = run && (await nearestCheckpoint(run, step === '' ? null : wholeNumber('c', step)))
  if (!detail) throw notFound('checkpoint')
  return loadPreview({ page: 'run', layer: null, checkpoints: [detail.id] })
}

/** Images of a sample set as data URIs. */
function pngsOf(samples: Preview['samples']): Promise<string[]> {
  if (!samples) return Promise.resolve([])
  const { images, width, height, channels } = samples
  return Promise.all(
    images.map(async (pixels) => {
      const raw = { width, height, channels }
      const png = await sharp(Buffer.from(pixels, 'base64'), { raw }).png().toBuffer()
      return `data:image/png;base64,${png.toString('base64')}`
    }),
  )
}
