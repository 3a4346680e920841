import { expect, it } from 'vitest'
import { listEvaluations, putEvaluations } from '../../../lib/store/evaluations'
import { sampleEvaluation, sampleProtocol, sampleReference } from './sample-evaluation'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const rows = [sampleEvaluation(), sampleReference('real'), sampleReference('noise', { frechetDistance: 900 })]

it('an evaluation file that is stored twice is there once, as it was', async () => {
  expect(await putEvaluations(rows)).toEqual({ added: 3 })
  expect(await putEvaluations(rows)).toEqual({ added: 0 })
  const stored = await listEvaluations()
  expect(stored).toHaveLength(3)
  expect(stored).toEqual(expect.arrayContaining(rows))
})

it('the same checkpoint measured again in the same way replaces its row', async () => {
  const again = sampleEvaluation({ frechetDistance: 90, run: 'renamed' })
  expect(await putEvaluations([again])).toEqual({ added: 0 })
  const stored = (await listEvaluations()).filter(({ subject }) => subject === 'checkpoint')
  expect(stored).toEqual([again])
})

it('another protocol, another sampling and another file are rows of their own', async () => {
  const other = [
    sampleEvaluation({ protocol: { ...sampleProtocol, images: 500 } }),
    sampleEvaluation({ sampling: { sampler: 'ddim', steps: 50, eta: 0, clip: true, schedule: 'ddim' } }),
    sampleEvaluation({ sha256: 'c'.repeat(64) }),
  ]
  expect(await putEvaluations(other)).toEqual({ added: 3 })
})

it('text the database cannot hold is refused, and nothing of the file is stored', async () => {
  const before = await listEvaluations()
  const bad = sampleEvaluation({ sha256: 'd'.repeat(64), run: 'a\0b' })
  await expect(putEvaluations([sampleEvaluation({ sha256: 'e'.repeat(64) }), bad])).rejects.toThrow(/NUL/)
  expect(await listEvaluations()).toEqual(before)
})
