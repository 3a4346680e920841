/**
 * A process of its own that stores checkpoints with their weights until it is killed or has stored COUNT.
 *   importer.ts NAME COUNT BYTES; one line "ID SHA256" per stored checkpoint
 */
import { randomBytes } from 'node:crypto'
import { putBlob } from '../../../lib/store/blobs'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { closeDb } from '../../../lib/store/db'
import { sampleUpload } from './sample-upload'

const [name, count, bytes] = process.argv.slice(2)
for (let step = 0; step < Number(count); step++) {
  const { sha256 } = await putBlob(randomBytes(Number(bytes)))
  const { id } = await storeCheckpoint({ ...sampleUpload({ name, step }), sha256, bytes: Number(bytes) })
  process.stdout.write(`${id} ${sha256}\n`)
}
await closeDb()
