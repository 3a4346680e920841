import { beforeAll, expect, it } from 'vitest'
import { referenceOf } from '../../../app/_views/compare-names'
import { loadCompareView } from '../../../app/_views/load-compare'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const compared = async (...r: string[]) => {
  const { checkpoints, problems } = await loadCompareView({ r, x: null, y: 'sqnr' })
  return { steps: checkpoints.map(({ step }) => step), references: checkpoints.map(referenceOf), problems }
}

beforeAll(async () => {
  for (const step of [0, 200]) await storeCheckpoint(sampleUpload({ name: 'a', step }))
})

it('RUN and RUN@latest are the newest checkpoint, also of those that come, and stay written so', async () => {
  expect(await compared('a@0', 'a@latest')).toMatchObject({
    steps: [0, 200],
    references: ['a@0', 'a@latest'],
  })
  expect(await compared('a@0', 'a')).toMatchObject({ steps: [0, 200], references: ['a@0', 'a@latest'] })
  await storeCheckpoint(sampleUpload({ name: 'a', step: 300 }))
  expect((await compared('a@200', 'a@latest')).steps).toEqual([200, 300])
})

it('a step that is not stored is the nearest, and a checkpoint is compared once', async () => {
  expect((await compared('a@190', 'a@300', 'a@latest')).steps).toEqual([200, 300])
})

it('a run may be called like a reference', async () => {
  await storeCheckpoint(sampleUpload({ name: 'a@latest', step: 7 }))
  expect((await compared('a@0', 'a@latest')).steps).toEqual([0, 7])
  expect((await compared('b@latest')).problems).toEqual(['b@latest is not stored here.'])
})
