/** A stored student without its latent weights, made when somebody asks for it. */
import type { Diagnosis } from '../record/run'
import { type InputCode, InputError } from '../tensor/error'
import { openTensors } from '../tensor/open'
import { isQuantized, writePacked } from '../unet/checkpoint'
import { readWanted, wantedAgain } from '../unet/reading'
import { blobSource } from './blobs'
import { db } from './db'

/** Larger files are not packed here, since that is done in memory. */
const mostBytes = 256 * 2 ** 20

/** The sha256 of the file a checkpoint was read from; null if there is no checkpoint of this id. */
export async function sha256Of(id: string): Promise<string | null> {
  const row = await db().checkpoint.findUnique({ where: { id }, select: { sha256: true } })
  return row?.sha256 ?? null
}

/**
 * The file `pack` writes of a stored checkpoint, read as it was when it was stored; null if there is no such checkpoint. Throws an
 * InputError if it cannot be packed: a teacher, one without weights here, one too large.
 */
export async function packedCheckpoint(id: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const row = await db().checkpoint.findUnique({
    where: { id },
    select: { sha256: true, fileName: true, config: true, network: true, mode: true, schedule: true },
  })
  if (!row) return null
  const { fileName: file, network, mode, schedule } = row
  const refuse = (problem: string, code: InputCode) =>
    new InputError({ file, problem, remedy: 'Take its file as it is stored.', code })
  const source = await blobSource(row.sha256)
  if (source.size > mostBytes) throw refuse('it is too large to be packed here', 'too_large')
  const wanted = wantedAgain({
    network: network ?? undefined,
    mode: mode ?? undefined,
    schedule: (schedule ?? undefined) as Diagnosis['schedule'],
  })
  const tensors = await openTensors({ ...source, name: file })
  const checkpoint = await readWanted(tensors, { json: row.config, file }, wanted)
  if (!isQuantized(checkpoint)) throw refuse('no layer of it is binarized', 'unsupported')
  return new Uint8Array(writePacked(checkpoint, row.sha256))
}
