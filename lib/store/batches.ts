import type { Prisma } from '../generated/prisma/client'

/** A job that was away for longer than this sends nothing again. */
const keptMs = 30 * 24 * 3600 * 1000

/**
 * Whether a batch is new; it is remembered with the transaction it is stored in. A job that did not hear the answer sends
 * its batch again, and then this is false. Batches without an id are always new.
 */
export async function isNewBatch(
  tx: Prisma.TransactionClient,
  id: string | undefined,
  now: Date,
): Promise<boolean> {
  await tx.batch.deleteMany({ where: { storedAt: { lt: new Date(now.getTime() - keptMs) } } })
  if (id === undefined) return true
  if (await tx.batch.findUnique({ where: { id } })) return false
  await tx.batch.create({ data: { id, storedAt: now } })
  return true
}
