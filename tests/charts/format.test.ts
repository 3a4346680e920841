import { expect, test } from 'vitest'
import {
  formatAge,
  formatBytes,
  formatCosine,
  formatCount,
  formatDb,
  formatDelta,
  formatFixed,
  formatLarge,
  formatMs,
  formatPercent,
  formatRatio,
  formatScale,
  formatSqnr,
  metricNames,
  shortLayerId,
  shortLayerIds,
} from '../../app/_ui/format'

/** Unit spaces do not break; here they are written as plain ones. */
const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test.each([
  [formatDb(12.64), '12.6 dB'],
  [formatDb(-3), '−3.0 dB'],
  [formatDb(-0.04), '0.0 dB'],
  [formatRatio(14.23), '14.2×'],
  [formatRatio(132.4), '132×'],
  [formatRatio(1), '1×'],
  [formatMs(41.83), '41.8 ms'],
  [formatMs(212.4), '212 ms'],
  [formatCosine(0.9671), '0.967'],
  [formatPercent(0.43), '43 %'],
  [formatPercent(0.017), '1.7 %'],
  [formatPercent(0), '0 %'],
  [formatCount(18432), '18,432'],
  [formatCount(-1234567), '−1,234,567'],
  [formatLarge(910_000), '0.91 M'],
  [formatLarge(61e6), '61 M'],
  [formatLarge(4096), '4,096'],
  [formatBytes(248.7 * 1024), '248.7 KiB'],
  [formatBytes(3.46 * 1024 ** 2), '3.46 MiB'],
  [formatBytes(12), '12 B'],
  [formatScale(0.0512), '0.0512'],
  [formatScale(0.000032), '3.2 × 10⁻⁵'],
  [formatScale(0), '0'],
  [formatDelta(4.2, 1), '+4.2'],
  [formatDelta(-0.31, 1), '−0.3'],
  [formatDelta(0.01, 1), '0.0'],
])('%s is written %s', (written, expected) => {
  expect(plain(written)).toBe(expected)
})

test('what is missing is an en dash, NaN is spelt, infinity has its sign', () => {
  expect(formatDb(null)).toBe('–')
  expect(formatFixed(undefined, 1)).toBe('–')
  expect(formatCosine(Number.NaN)).toBe('NaN')
  expect(formatDb(Number.POSITIVE_INFINITY)).toBe('∞')
  expect(formatDb(Number.NEGATIVE_INFINITY)).toBe('−∞')
})

test('at the ceiling of 150 dB an SQNR is the word exact, with and without its unit', () => {
  expect(formatDb(150)).toBe('exact')
  expect(formatSqnr(150)).toBe('exact')
  expect(metricNames.sqnr.written(150)).toBe('exact')
  expect(formatSqnr(149.9)).toBe('149.9')
  // No other metric has such a ceiling.
  expect(metricNames.cosine.format(150)).toBe('150.000')
})

test('ages are relative up to a day, then a date', () => {
  const now = new Date('2026-03-10T12:00:00Z')
  expect(formatAge('2026-03-10T11:48:00Z', now)).toBe('12 min ago')
  expect(formatAge('2026-03-10T09:00:00Z', now)).toBe('3 h ago')
  expect(formatAge('2026-03-09T11:00:00Z', now)).toBe('yesterday')
  expect(formatAge('2026-03-01T11:00:00Z', now)).toBe('2026-03-01')
})

test('a layer id loses "block" first, then its middle; the last part stays', () => {
  expect(shortLayerId('down.1.block.0.conv1')).toBe('down.1.block.0.conv1')
  expect(shortLayerId('down.1.block.0.nin_shortcut', 24)).toBe('down.1.0.nin_shortcut')
  expect(shortLayerId('down_blocks.1.resnets.0.conv_shortcut', 24)).toBe('down.1.0.conv_shortcut')
  const cut = shortLayerId('down_blocks.1.resnets.0.conv_shortcut', 20)
  expect(cut).toMatch(/….*conv_shortcut$/)
  expect(cut.length).toBeLessThanOrEqual(20)
})

test('the ids of a list are shortened alike: all or none', () => {
  const ids = ['up_blocks.0.resnets.0.conv1', 'up_blocks.0.resnets.0.time_emb_proj', 'conv_out']
  expect(shortLayerIds(ids, 40)).toEqual(ids)
  expect(shortLayerIds(ids, 27)).toEqual(['up.0.0.conv1', 'up.0.0.time_emb_proj', 'conv_out'])
})
