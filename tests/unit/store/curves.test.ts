import { beforeAll, expect, it } from 'vitest'
import { wholeRange } from '../../../app/_views/curve-points'
import { loadCurves } from '../../../app/_views/load-curves'
import { storeCheckpoint } from '../../../lib/store/checkpoints'
import { getRun } from '../../../lib/store/runs'
import { appendScalars } from '../../../lib/store/scalars'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const curvesOf = async (curve: string, range: [number, number] | null = null, createdAt?: string) => {
  const runs = await Promise.all(['a', 'b'].map(async (name) => (await getRun(name))!))
  const compared = runs.map((run) => ({ runId: run.id, step: 200 }))
  return loadCurves(runs, compared, { y: curve, x: range }, createdAt ? { ids: [], createdAt } : undefined)
}
const points = ({ curves }: Awaited<ReturnType<typeof curvesOf>>) =>
  Object.fromEntries(curves.map(({ run, points }) => [run.name, points.map(({ x }) => x)]))

beforeAll(async () => {
  for (const name of ['a', 'b'])
    for (const step of [0, 200, 1000]) await storeCheckpoint(sampleUpload({ name, step }))
  await appendScalars(
    'b',
    Array.from({ length: 5000 }, (_, i) => ({ name: 'loss', step: i, value: 1 / (i + 1) })),
  )
})

it('draws a figure of every checkpoint of each run, with the compared ones told', async () => {
  const data = await curvesOf('sqnr')
  expect(data).toMatchObject({ keys: ['sqnr', 'cosine', 'log:loss'], key: 'sqnr' })
  expect(wholeRange(data.curves)).toEqual([0, 1000])
  expect(points(data)).toEqual({ a: [0, 200, 1000], b: [0, 200, 1000] })
  expect(data.curves.map(({ compared }) => compared)).toEqual([[200], [200]])
  expect(data.curves[0]!.points[1]).toEqual({ x: 200, y: 15 })
})

it('what only one logged is drawn of that one: extremes of all, every point of a range', async () => {
  const all = await curvesOf('log:loss')
  expect(Object.keys(points(all))).toEqual(['b'])
  expect(wholeRange(all.curves)).toEqual([0, 4999])
  expect(all.curves[0]).toMatchObject({ total: 5000, within: 5000 })
  expect(all.curves[0]!.points.length).toBeLessThanOrEqual(1800)
  const part = await curvesOf('log:loss', [1000, 2000])
  expect(part.curves[0]).toMatchObject({ total: 5000, within: 1001 })
  expect(part.curves[0]!.points).toHaveLength(1001)
  expect(wholeRange(part.curves)).toEqual([0, 4999])
})

it('a curve nobody has is answered with the first there is', async () => {
  expect((await curvesOf('log:nothing')).key).toBe('sqnr')
})

it('a frozen view has the checkpoints there were', async () => {
  expect((await curvesOf('sqnr', null, '2000-01-01T00:00:00.000Z')).keys).toEqual(['log:loss'])
  expect((await curvesOf('sqnr', null, '2999-01-01T00:00:00.000Z')).keys).toContain('sqnr')
})
