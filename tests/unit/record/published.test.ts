import { expect, it } from 'vitest'
import { published, publishedDataSet, publishedRows, publishedSteps } from '../../../lib/record/published'

it('the steps of the ablations are the differences the papers report', () => {
  const steps = (from: string, to: string) =>
    publishedSteps(from, to).map((step) => [
      step.from.version,
      step.from.bits,
      step.from.values.fid,
      step.to.values.fid,
    ])
  expect(steps('sign', 'lmb')).toEqual([['v1', 'W1A32', 27.33, 10.27]])
  expect(steps('sign', 'sign+lrm')).toEqual([['v1', 'W1A32', 27.33, 27.37]])
  expect(steps('ebb', 'ebb+lrm')).toEqual([
    ['v5', 'W1A32', 7.39, 6.99],
    ['v5', 'W1A4', 8.53, 7.74],
  ])
  expect(steps('lmb', 'ebb')).toEqual([])
})

it('the abstract of v1 and its CIFAR-10 rows agree: precision rises from 2.18 to 51.22 at W1A4', () => {
  const rows = published.filter(
    (row) => row.version === 'v1' && row.dataSet === 'CIFAR-10' && row.bits === 'W1A4',
  )
  expect(rows.map(({ method, values }) => [method, values.precision, values.recall])).toEqual([
    ['Baseline', 2.18, null],
    ['BinaryDM', 51.22, null],
  ])
})

it('every row is one measurement of its own', () => {
  const names = published.map(({ values, ...row }) => JSON.stringify(row))
  expect(new Set(names).size).toBe(published.length)
})

it.each([
  [{ 'data.set': 'cifar10' }, 'CIFAR-10'],
  [{ dataset: 'CIFAR-10' }, 'CIFAR-10'],
  [{ 'data.params.train.target': 'ldm.data.lsun.LSUNBedroomsTrain' }, 'LSUN-Bedrooms'],
  [{ data_root: '/data/lsun/church_outdoor_train' }, 'LSUN-Churches'],
  [{ 'data.set': 'ffhq256' }, 'FFHQ'],
  [{ 'data.set': 'cifar100' }, null],
  [{ 'data.set': 'mnist', note: 'pretrained on cifar10' }, null],
] as const)('%j names %s among its data', (settings, dataSet) => {
  expect(publishedDataSet(settings)).toBe(dataSet)
})

it('the rows of a data set are those of the bits, of both versions, and full precision', () => {
  const rows = publishedRows('CIFAR-10', ['W1A4'])
  expect(rows.map(({ version, bits, values }) => `${version} ${bits} ${values.fid}`)).toEqual([
    'v1 W32A32 5.54',
    'v1 W1A4 318.84',
    'v1 W1A4 25.83',
    'v5 W32A32 5.54',
    'v5 W1A4 100.17',
    'v5 W1A4 87.77',
  ])
  expect(publishedRows('FFHQ', ['W1A8'])).toEqual([])
})
