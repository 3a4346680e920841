import type { Prisma } from '../generated/prisma/client'
import type { CheckpointUpload } from '../record/run'
import { InputError } from '../tensor/error'
import { type Driver, rowsOf, updateRow } from './db'

/** Slots of the palette runs are drawn with. */
export const colourSlots = 7

/**
 * The id of the run an upload belongs to, made if it is new, with the upload's description of it.
 * Throws if the run exists in another role.
 */
export async function claimRun(
  tx: Prisma.TransactionClient,
  run: CheckpointUpload['run'],
  now: Date,
  driver: Driver,
): Promise<string> {
  const [found] = await rowsOf<{ id: string; role: string }>(
    driver,
    'SELECT id, role FROM Run WHERE name = ?',
    run.name,
  )
  if (found && found.role !== run.role)
    throw new InputError({
      file: 'run.role',
      problem: `run "${run.name}" holds a ${found.role}, this checkpoint is a ${run.role}`,
      remedy: 'Store it under another run name.',
    })
  if (found) return found.id
  const colour = run.role === 'teacher' ? null : await freeColour(tx)
  const created = await tx.run.create({
    data: {
      ...{ name: run.name, role: run.role, teacherName: run.teacher, method: run.method, bits: run.bits },
      ...{ settings: run.settings as Prisma.InputJsonObject, colour, updatedAt: now },
    },
    select: { id: true },
  })
  return created.id
}

/** Says anew what a run is, as every new checkpoint and a training that begins may; `further` columns are set with it. */
export function updateRun(
  driver: Driver,
  id: string,
  { teacher, method, bits, settings }: CheckpointUpload['run'],
  further: { updatedAt: Date; loggedAt?: Date; outcome?: null },
): Promise<void> {
  const described = { teacherName: teacher, method, bits, settings: JSON.stringify(settings) }
  return updateRow(driver, 'Run', id, { ...described, ...further })
}

/** The least used slot, the lowest of several. It stays with its run: a run never changes colour. */
async function freeColour(tx: Prisma.TransactionClient): Promise<number> {
  const used = await tx.run.groupBy({ by: ['colour'], where: { colour: { not: null } }, _count: true })
  const uses = Array.from(
    { length: colourSlots },
    (_, slot) => used.find((u) => u.colour === slot)?._count ?? 0,
  )
  return uses.indexOf(Math.min(...uses))
}
