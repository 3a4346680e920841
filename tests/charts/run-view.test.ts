import { expect, test } from 'vitest'
import {
  gapNameOf,
  keepExtremes,
  meanOf,
  meanSqnr,
  nearestIndex,
  quantileOf,
  withoutExact,
} from '../../app/_charts/series'
import { layerFinding } from '../../app/_views/layer-finding'
import { ledgerParts } from '../../app/_views/ledger-parts'
import { knownCheckpoints } from '../../app/_views/pinned'
import { readAsOf } from '../../app/_views/read-as'
import { matchesFilter } from '../../app/_views/run-filter'
import { partingOf, runFinding } from '../../app/_views/run-finding'
import {
  type LayerRow,
  meanLevels,
  medianRatio,
  rowMean,
  sortRows,
  worstFirst,
} from '../../app/_views/run-rows'
import { layers } from './fixture'

function row(id: string, sqnr: (number | null)[] | null, bases = 1): LayerRow {
  const layer = layers.find((l) => l.id === id) ?? { ...layers[2]!, id }
  return {
    layer,
    bases,
    activationBits: 4,
    weightBits: bases > 0 ? 1 : 32,
    histogram: { lo: -1, hi: 1, counts: [1] },
    ofTeacher: false,
    std: 1,
    levels: [],
    ratio: null,
    weightsSqnr: null,
    teacherSqnr: null,
    oneBasisSqnr: null,
    twoBasesSqnr: null,
    flatChannels: null,
    nonFinite: 0,
    flips: null,
    audit: null,
    series: sqnr && { sqnr, cosine: sqnr, lowrank: sqnr },
    local: null,
  }
}

const t = [900, 600, 300, 0]

test('a student parts at the first timestep after which it stays below 10 dB', () => {
  expect(partingOf(t, [20, 12, 9, 3])).toEqual({ kind: 'from', t: 300 })
  expect(partingOf(t, [20, 9, 12, 3])).toEqual({ kind: 'from', t: 0 })
})

test('it may never part, have parted from the start, or come back', () => {
  expect(partingOf(t, [20, 15, 12, 10])).toEqual({ kind: 'never' })
  expect(partingOf(t, [9, 8, 7, 6])).toEqual({ kind: 'always' })
  expect(partingOf(t, [20, 8, 7, 12])).toEqual({ kind: 'between', t: 600, until: 300 })
})

test('gaps do not count; nothing measured is no finding', () => {
  expect(partingOf(t, [20, null, 9, 3])).toEqual({ kind: 'from', t: 300 })
  expect(partingOf(t, [null, null, null, null])).toBeNull()
  expect(runFinding(t, null, [])).toBeNull()
})

test('the layer that loses most is the binarized one with the lowest mean', () => {
  const rows = [row('a', [5, 5]), row('b', [9, null]), row('kept', [1, 1], 0), row('c', null)]
  expect(runFinding(t, [20, 12, 9, 3], rows)).toEqual({
    mean: 11,
    parting: { kind: 'from', t: 300 },
    worst: { id: 'a', mean: 5 },
  })
  expect(worstFirst(rows, 'sqnr').map((r) => r.layer.id)).toEqual(['a', 'b'])
})

test('sorted by error, layers without a value come last', () => {
  const rows = [row('none', null), row('good', [20]), row('bad', [2])]
  expect(sortRows(rows, 'worst', 'sqnr').map((r) => r.layer.id)).toEqual(['bad', 'good', 'none'])
  expect(sortRows(rows, 'forward', 'sqnr').map((r) => r.layer.id)).toEqual(['none', 'good', 'bad'])
})

test('two bases give four levels, one gives two, none gives none', () => {
  expect(meanLevels([3, 3], [1, 1])).toEqual([-4, -2, 2, 4])
  expect(meanLevels([2, 4], null)).toEqual([-3, 3])
  expect(meanLevels(null, null)).toEqual([])
  expect(medianRatio([1, 1, 1], [0.2, 0.6, 0.9])).toBe(0.6)
  expect(medianRatio([1], null)).toBeNull()
})

test('the parts of the ledger add up to the packed file', () => {
  const rows = layers.map((layer) => ({
    ...row(layer.id, null),
    layer,
    bases: layer.id.includes('block') ? 1 : 0,
  }))
  const kept = 3 * 4 * 584
  const ledger = {
    fullPrecisionBytes: 20000,
    packedBytes: 360 + 80 + kept + 100,
    signBytes: 360,
    secondBasisBytes: 0,
    scaleBytes: 80,
    floatBytes: kept + 100,
    macs: 1,
    parameters: 1,
  }
  const parts = ledgerParts(ledger, rows)
  expect(parts.reduce((sum, part) => sum + part.bytes, 0)).toBe(ledger.packedBytes)
  expect(parts.map((part) => part.bytes)).toEqual([360, 80, 4 * 584, 2 * 4 * 584, 100])
})

test('a filter looks for every word, in one field if it is named', () => {
  const run = { name: 'mnist-lmb', method: 'lmb', bits: 'W1A4', role: 'student' as const }
  expect(matchesFilter(run, '')).toBe(true)
  expect(matchesFilter(run, 'mnist w1a4')).toBe(true)
  expect(matchesFilter(run, 'bits:w1a4 method:lmb')).toBe(true)
  expect(matchesFilter(run, 'method:mnist')).toBe(false)
  expect(matchesFilter(run, 'lmb sign')).toBe(false)
})

test('means and quantiles leave out what was not measured', () => {
  expect(meanOf([1, null, 3, Number.NaN])).toBe(2)
  expect(meanOf([null])).toBeNull()
  expect(quantileOf([4, null, 0, 2], 0.25)).toBe(1)
  expect(quantileOf([], 0.5)).toBeNull()
  expect(nearestIndex([900, 500, 100], 280)).toBe(2)
  expect(nearestIndex([], 1)).toBe(-1)
})

test('a long line keeps its highest and lowest points', () => {
  const points = Array.from({ length: 1000 }, (_, x) => ({ x, y: x === 400 ? 99 : x === 700 ? -99 : 0 }))
  const kept = keepExtremes(points, 100)
  expect(kept.length).toBeLessThanOrEqual(100)
  expect(kept).toContainEqual({ x: 400, y: 99 })
  expect(kept).toContainEqual({ x: 700, y: -99 })
  expect(kept.map((p) => p.x)).toEqual(kept.map((p) => p.x).toSorted((a, b) => a - b))
})

test('a mean SQNR is of the timesteps that differ; where none does it is exact', () => {
  expect(meanSqnr([150, 4, null, 6])).toBe(5)
  expect(meanSqnr([150, null, 150])).toBe(150)
  expect(meanSqnr([null])).toBeNull()
  expect(rowMean(row('a', [150, 4]), 'sqnr')).toBe(4)
  expect(withoutExact([150, 4, null])).toEqual([null, 4, null])
})

test('a gap says whether it is exact, not measured, or may be either', () => {
  expect(gapNameOf([1, null])).toBe('not measured')
  expect(gapNameOf([150, 2])).toBe('exact')
  expect(gapNameOf([150, null])).toBe('exact or not measured')
})

test('no layer loses most where all are exact', () => {
  expect(runFinding(t, [20, 12, 9, 3], [row('a', [150, 150])])?.worst).toBeNull()
})

test('a layer that is exact at some timesteps says so and has its mean from the others', () => {
  const finding = layerFinding('a', t, [150, 12, 8, 4], [])
  expect(finding).toMatchObject({ mean: 8, exact: 0.25, worst: { t: 0, value: 4 } })
  expect(layerFinding('a', t, [150, 150, 150, 150], [])).toMatchObject({ mean: 150, exact: 1 })
})

test('a frozen view knows the checkpoints of its day, and its own as it was', () => {
  const at = (step: number, day: number, outputSqnr: number) => ({
    step,
    outputSqnr,
    createdAt: `2026-03-0${day}T12:00:00.000Z`,
  })
  // Step 200 was stored again on day 4, after the view was shared on day 3.
  const stored = [at(100, 1, 5), at(200, 4, 9), at(300, 4, 11)]
  const shown = at(200, 2, 7)
  const pinned = { ids: ['shown'], createdAt: '2026-03-03T12:00:00.000Z' }
  expect(knownCheckpoints(stored, shown, pinned)).toEqual([
    { step: 100, value: 5 },
    { step: 200, value: 7 },
  ])
  expect(knownCheckpoints(stored, stored[1]!)).toEqual([
    { step: 100, value: 5 },
    { step: 200, value: 9 },
    { step: 300, value: 11 },
  ])
})

test('a checkpoint says which network of its file it is, in which reading and with whose sampler', () => {
  const lightning = { network: 'state_dict/model_ema.', mode: 'reload_a4', family: 'ldm' } as const
  expect(readAsOf({ fileName: 'last.ckpt', diagnosis: { ...lightning, schedule: null } })).toEqual({
    network: { role: 'EMA', prefix: 'state_dict/model_ema.' },
    reading: 'reload_a4',
    sampler: 'latent-diffusion',
  })
  expect(readAsOf({ fileName: 'last.ckpt', diagnosis: { ...lightning, schedule: 'ddim' } }).sampler).toBe(
    'ermongroup/ddim',
  )
  const unrun = { network: '', family: 'sd', unrun: 'it is conditioned by cross attention' } as const
  expect(readAsOf({ fileName: 'sd.ckpt', diagnosis: unrun })).toEqual({
    network: { role: 'bare names', prefix: '' },
    reading: null,
    sampler: null,
  })
  expect(readAsOf({ fileName: 'old.pt', diagnosis: { family: 'ddim' } }).network).toBeNull()
})
