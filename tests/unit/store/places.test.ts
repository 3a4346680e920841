import { expect, it } from 'vitest'
import * as route from '../../../app/api/v1/places/route'
import { type FoundPlaces, wordsOf } from '../../../lib/record/places'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { findPlaces } from '../../../lib/store/places'
import { send } from '../api/send'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const nowhere = { run: null, step: null }
const layer = sampleUpload().diagnosis.layers[0]!.layer.id
const ofKind = ({ places }: FoundPlaces, kind: string) => places.filter((place) => place.kind === kind)

it('finds runs and checkpoints with every word, the shortest name first', async () => {
  for (const name of ['lmb-long', 'lmb', 'sign_x'])
    for (const step of [0, 1000]) await storeCheckpoint(sampleUpload({ name, step }))
  // the same step again is one place
  await storeCheckpoint(sampleUpload({ name: 'lmb', step: 1000, content: 'again' }))
  const found = await findPlaces(wordsOf('LMB 1,000'), nowhere)
  expect(found.places.filter(({ kind }) => kind === 'checkpoint')).toEqual([
    { kind: 'checkpoint', run: 'lmb', step: 1000 },
    { kind: 'checkpoint', run: 'lmb-long', step: 1000 },
  ])
  expect(found.found).toMatchObject({ run: 0, checkpoint: 2 })
  const runs = ofKind(await findPlaces(['lmb', 'w1a4'], nowhere), 'run')
  // every sample is of method lmb
  expect(runs.map(({ run }) => run)).toEqual(['lmb', 'sign_x', 'lmb-long'])
})

it('without words the run that changed last comes first', async () => {
  const runs = ofKind(await findPlaces([], nowhere), 'run')
  expect(runs.map(({ run }) => run)).toEqual(['lmb', 'sign_x', 'lmb-long'])
})

it('letters that mean something in SQL are letters', async () => {
  for (const text of ['%', "'", '"', 'sign%x', '\\']) {
    const { places } = await findPlaces(wordsOf(text), { run: 'lmb', step: null })
    expect(places).toEqual([])
  }
  expect(ofKind(await findPlaces(['n_x'], nowhere), 'run')).toHaveLength(1)
})

it('layers are those of the run the reader is at, or of the run that is named', async () => {
  const near = await findPlaces([layer.slice(0, 6)], { run: 'sign_x', step: 10 })
  expect(near.places[0]).toEqual({ kind: 'layer', run: 'sign_x', layer })
  const named = await findPlaces(['lmb-long', layer], { run: 'sign_x', step: 10 })
  expect(named.places).toEqual([{ kind: 'layer', run: 'lmb-long', layer }])
  expect(ofKind(await findPlaces([layer], nowhere), 'layer')).toEqual([])
})

it('lists no more than a few of each kind and says how many there are', async () => {
  for (let step = 1; step <= 20; step++) await storeCheckpoint(sampleUpload({ name: 'lmb', step }))
  const found: FoundPlaces = await (await send(route.GET, { query: '?q=&run=lmb' })).json()
  expect(ofKind(found, 'checkpoint')).toHaveLength(8)
  expect(ofKind(found, 'checkpoint')[0]).toEqual({ kind: 'checkpoint', run: 'lmb', step: 1000 })
  expect(found.found.checkpoint).toBe(26)
})

it('a step that is none is refused', async () => {
  expect((await send(route.GET, { query: '?q=&run=lmb&c=x' })).status).toBe(422)
})
