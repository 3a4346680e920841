import { db } from '../../lib/store/db'
import { postCheckpoint, putWeights } from './handlers'
import { inNewStore } from './in-store'
import type { SafetyRow } from './row'
import { faultsOf, isFaultless } from './state'
import { uploadOf } from './upload'
import { weightsOf } from './weights'

export const row: SafetyRow = {
  test: '20 imports of the same file at once',
  gate: '1 file, 1 row, 20 equal answers',
  measure: () =>
    inNewStore(async () => {
      const bytes = weightsOf(9, 250_000)
      const answers = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const { sha256 } = await putWeights(bytes)
          const upload = uploadOf({ name: 'same', step: 1, sha256, bytes: bytes.length, layers: 200 })
          return (await (await postCheckpoint(upload)).json()) as { id: string; duplicate: boolean }
        }),
      )
      const figures = {
        ids: new Set(answers.map(({ id }) => id)).size,
        first: answers.filter(({ duplicate }) => !duplicate).length,
        files: await db().blob.count(),
        rows: await db().checkpoint.count(),
      }
      const whole = isFaultless(
        await faultsOf(
          answers.map(({ id }) => id),
          200,
        ),
      )
      return {
        holds: whole && Object.values(figures).every((count) => count === 1),
        found: `${figures.files} file, ${figures.rows} row, ${figures.ids} id in ${answers.length} answers, ${answers.length - figures.first} of them "duplicate"`,
        figures,
      }
    }),
}
