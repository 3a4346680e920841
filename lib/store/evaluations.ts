import { createHash } from 'node:crypto'
import type { Prisma } from '../generated/prisma/client'
import { type Evaluation, evaluationKey } from '../record/evaluation'
import { checkText, db, write } from './db'

/**
 * Stores evaluations. One of the same images measured in the same way (`evaluationKey`) takes the place of the one
 * before, so storing a file again changes nothing. Returns how many were not there before. Throws an InputError for text
 * the database cannot hold.
 */
export async function putEvaluations(evaluations: readonly Evaluation[]): Promise<{ added: number }> {
  evaluations.forEach(checkEvaluation)
  if (evaluations.length === 0) return { added: 0 }
  return write(async (tx, storedAt) => {
    let added = 0
    for (const evaluation of evaluations) {
      const key = createHash('sha256').update(evaluationKey(evaluation)).digest('hex')
      const row = { sha256: evaluation.sha256, record: evaluation as Prisma.InputJsonObject, storedAt }
      const { count } = await tx.evaluation.updateMany({ where: { key }, data: row })
      if (count > 0) continue
      await tx.evaluation.create({ data: { key, ...row } })
      added++
    }
    return { added }
  })
}

/** Every evaluation stored, or stored until a time, in the order in which they came. */
export async function listEvaluations(until?: Date): Promise<Evaluation[]> {
  const rows = await db().evaluation.findMany({
    where: { storedAt: { lte: until } },
    select: { record: true },
    orderBy: [{ storedAt: 'asc' }, { key: 'asc' }],
  })
  return rows.map(({ record }) => record as Evaluation)
}

function checkEvaluation({ run, protocol }: Evaluation, i: number): void {
  if (run !== null) checkText(`[${i}].run`, run, 120)
  checkText(`[${i}].protocol.set`, protocol.set)
  checkText(`[${i}].protocol.classifier`, protocol.classifier)
}
