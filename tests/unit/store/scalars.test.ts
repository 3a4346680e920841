import { expect, it } from 'vitest'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { getRun } from '../../../lib/store/runs'
import { appendScalars, getScalars, replaceScalars, scalarNames } from '../../../lib/store/scalars'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

it('replaceScalars leaves only the new ones, getScalars orders them by step', async () => {
  await storeCheckpoint(sampleUpload())
  const { id } = (await getRun('w1a4-lmb'))!
  await replaceScalars('w1a4-lmb', [{ name: 'old', step: 1, value: 1 }])
  await replaceScalars('w1a4-lmb', [
    { name: 'loss', step: 20, value: 0.25 },
    { name: 'loss', step: 10, value: 0.5 },
    { name: 'ema', step: 10, value: 1 },
  ])
  expect(await scalarNames([id])).toEqual(['ema', 'loss'])
  expect((await getScalars(id, ['loss'])).get('loss')).toEqual([
    { step: 10, value: 0.5 },
    { step: 20, value: 0.25 },
  ])
})

it('appendScalars keeps what was logged before, also for the same step', async () => {
  const { id } = (await getRun('w1a4-lmb'))!
  await appendScalars('w1a4-lmb', [{ name: 'loss', step: 10, value: 0.4 }])
  expect((await getScalars(id, ['loss'])).get('loss')!.map(({ value }) => value)).toEqual([0.5, 0.4, 0.25])
})

it('getScalars gives every bit of what was logged, and nothing for names that were not', async () => {
  const { id } = (await getRun('w1a4-lmb'))!
  const values = [1 / 3, 0.1 + 0.2, 5e-324, 1.5e300, -123456789.12345679, 0]
  await appendScalars(
    'w1a4-lmb',
    values.map((value, step) => ({ name: 'bits', step, value })),
  )
  const found = await getScalars(id, ['bits', 'nobody logged this'])
  expect([...found.keys()]).toEqual(['bits'])
  expect(found.get('bits')).toEqual(values.map((value, step) => ({ step, value })))
})

it('scalars of an unknown run are refused and nothing is deleted', async () => {
  const { id } = (await getRun('w1a4-lmb'))!
  await expect(replaceScalars('nobody', [])).rejects.toThrow(/no run "nobody"/)
  expect(await scalarNames([id])).toEqual(['bits', 'ema', 'loss'])
})

it.each([-1, 0.5, 2 ** 31])('step %d is refused', async (step) => {
  await expect(appendScalars('w1a4-lmb', [{ name: 'loss', step, value: 1 }])).rejects.toThrow(/training step/)
})
