import { expect, it } from 'vitest'
import { endsOf, type Measured, rankLayers } from '../../app/_views/compare-rank'
import { flattenSettings, settingRows } from '../../app/_views/settings-diff'

const checkpoint = (timesteps: number[], layers: Record<string, (number | null)[] | null>): Measured => ({
  timesteps,
  layers: Object.entries(layers).map(([id, sqnr]) => ({ id, bases: id.startsWith('kept') ? 0 : 1, sqnr })),
})

it('layers are ranked by the change of their mean from the first to the last checkpoint', () => {
  const { layers } = rankLayers([
    checkpoint([900, 100], { a: [10, 0], b: [5, 5] }),
    checkpoint([900, 100], { a: [0, 0], b: [9, 9] }),
    checkpoint([900, 100], { a: [8, 0], b: [6, 8] }),
  ])
  expect(layers).toEqual([
    { id: 'b', means: [5, 9, 7], change: 2, changes: [1, 3] },
    { id: 'a', means: [5, 0, 4], change: -1, changes: [-2, 0] },
  ])
})

it('a timestep that one end did not measure counts for neither', () => {
  const { layers } = rankLayers([
    checkpoint([900, 500, 100], { a: [10, 20, 0] }),
    checkpoint([900, 500, 100], { a: [12, null, 2] }),
  ])
  expect(layers[0]).toEqual({ id: 'a', means: [5, 7], change: 2, changes: [2, null, 2] })
})

it('checkpoints measured at other timesteps are compared at those they share', () => {
  const { timesteps, layers } = rankLayers([
    checkpoint([900, 500, 100], { a: [1, 2, 3] }),
    checkpoint([900, 100], { a: [2, 5] }),
  ])
  expect(timesteps).toEqual([900, 100])
  expect(layers[0]!.changes).toEqual([1, 2])
})

it('of different architectures the layers both have are compared, the rest is named', () => {
  const ranking = rankLayers([checkpoint([1], { a: [1], old: [1] }), checkpoint([1], { a: [2], fresh: [1] })])
  expect(ranking.common).toEqual(['a'])
  expect(ranking.others).toEqual(['old', 'fresh'])
  expect(ranking.layers.map((layer) => layer.id)).toEqual(['a'])
})

it('a layer without a measured output is not ranked and never counts as 0', () => {
  const ranking = rankLayers([checkpoint([1], { a: null, b: [1] }), checkpoint([1], { a: [2], b: [null] })])
  expect(ranking.layers).toEqual([])
  expect(ranking.unmeasured).toEqual(['a', 'b'])
})

it('a layer kept in full precision everywhere is named, not ranked', () => {
  const ranking = rankLayers([
    checkpoint([1], { keptConv: [150], b: [1] }),
    checkpoint([1], { keptConv: [20], b: [2] }),
  ])
  expect(ranking.layers.map((layer) => layer.id)).toEqual(['b'])
  expect(ranking.kept).toEqual(['keptConv'])
  expect(ranking.unmeasured).toEqual([])
})

it('of a long ranking the ends are kept, a short one stays whole', () => {
  const { top, bottom } = endsOf(Array.from({ length: 37 }, (_, i) => i))
  expect([top.length, bottom]).toEqual([11, [32, 33, 34, 35, 36]])
  expect(endsOf(Array.from({ length: 17 }, (_, i) => i))).toEqual({
    top: Array.from({ length: 17 }, (_, i) => i),
    bottom: [],
  })
})

it('nested settings become dotted keys; only those that differ are marked', () => {
  const sign = flattenSettings({ seed: 7, quant: { method: 'sign', bases: 1 }, lrm: null })
  const lmb = flattenSettings({ seed: 7, quant: { method: 'lmb', bases: 1 }, lrm: { axes: [1, 2] } })
  expect(settingRows([sign, lmb])).toEqual([
    { key: 'seed', values: ['7', '7'], differs: false },
    { key: 'quant.method', values: ['sign', 'lmb'], differs: true },
    { key: 'quant.bases', values: ['1', '1'], differs: false },
    { key: 'lrm.axes', values: [null, '[1,2]'], differs: true },
  ])
})

it('a layer that is exact at one end has no change in dB: it is named, not ranked', () => {
  const { layers, exact, unmeasured } = rankLayers([
    checkpoint([900, 100], { conv: [150, 150], b: [5, 5] }),
    checkpoint([900, 100], { conv: [6, 6], b: [7, 7] }),
  ])
  expect(layers.map((layer) => layer.id)).toEqual(['b'])
  expect(exact).toEqual(['conv'])
  expect(unmeasured).toEqual([])
})

it('a timestep that is exact at one end is left out of means and change', () => {
  const { layers } = rankLayers([
    checkpoint([900, 100], { a: [150, 4] }),
    checkpoint([900, 100], { a: [10, 6] }),
  ])
  expect(layers).toEqual([{ id: 'a', means: [4, 6], change: 2, changes: [null, 2] }])
})
