/**
 * Diagnoses the checkpoints that training jobs uploaded, one after the other, and stores them; ends when none is queued.
 * The server starts it (app/api/v1/_diagnosis.ts) and it ends with the server. By hand:
 *
 *   npx tsx scripts/diagnose-uploads.ts
 */
import { diagnoseUploads } from '../lib/cli/diagnose-uploads'
import { closeDb } from '../lib/store/db'

const stop = new AbortController()
process.on('disconnect', () => stop.abort())
await diagnoseUploads(stop.signal)
await closeDb()
process.exit()
