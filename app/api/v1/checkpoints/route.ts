import { CheckpointUpload } from '@/lib/record/run'
import { storeCheckpoint } from '@/lib/store/checkpoints'
import { json, parse, readJson, route } from '../_route'

export const dynamic = 'force-dynamic'

/** Stores a diagnosed checkpoint: 201 with its id, or 200 and `duplicate: true` if it was there. */
export const POST = route(async (request) => {
  const upload = parse(CheckpointUpload, await readJson(request))
  const stored = await storeCheckpoint(upload)
  return json(stored, stored.duplicate ? 200 : 201)
})
