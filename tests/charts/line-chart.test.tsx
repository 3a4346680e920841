import { expect, test } from 'vitest'
import { LineChart } from '../../app/_charts/line-chart'
import { timesteps } from './fixture'
import { picture } from './picture'

const falling = timesteps.map((t, i) => ({ x: t, y: 20 - 2 * i }))
const chart = (props: Partial<Parameters<typeof LineChart>[0]> = {}) =>
  picture(
    <LineChart
      title="Alignment over timesteps"
      message="Output SQNR falls from 20.0 to 2.0 dB"
      fileName="alignment"
      lines={[{ id: 'a', name: 'w1a4-lmb', slot: 1, points: falling }]}
      x={{ kind: 'time' }}
      y={{ label: 'SQNR, dB ↑', domain: [0, 30] }}
      width={400}
      height={200}
      {...props}
    />,
  )
/** The d of the line drawn in a run's colour. */
const lineOf = (html: string) => /<path d="([^"]*)" fill="none" style="stroke:var\(--run/.exec(html)?.[1]

test('a line over ten timesteps looks as it did', () => {
  expect(chart({ selectedX: 201, references: [{ y: 10, label: 'parts below 10 dB' }] })).toMatchSnapshot()
})

test('time runs from noise at the left to the image at the right', () => {
  const xs = [...lineOf(chart())!.matchAll(/[ML]([\d.]+),/g)].map((m) => Number(m[1]))
  expect(xs).toHaveLength(10)
  expect(xs).toEqual(xs.toSorted((a, b) => a - b))
  expect(chart()).toMatch(/>1000<.*>0<.*noise.*sampling runs this way/s)
})

test('a gap is hatched and named, and the line is broken there', () => {
  const gappy = falling.map((p, i) => (i === 4 || i === 5 ? { ...p, y: null } : p))
  const html = chart({ lines: [{ id: 'a', name: 'a', slot: 0, points: gappy }], gapName: 'NaN' })
  expect(html).toContain('fill="url(#')
  expect(html).toContain('>NaN<')
  expect(lineOf(html)!.match(/M/g)).toHaveLength(2)
})

test('NaN is a gap, never a coordinate', () => {
  const html = chart({
    lines: [{ id: 'a', name: 'a', slot: 0, points: [...falling, { x: 0, y: Number.NaN }] }],
  })
  expect(html.replaceAll('not measured', '')).not.toContain('NaN')
})

test('without data it says so and still draws its axes', () => {
  const html = chart({ lines: [] })
  expect(html).toContain('Nothing measured yet')
  expect(html).toContain('SQNR, dB ↑')
})

test('the labels of lines that end together are pushed apart', () => {
  const lines = ['one', 'two', 'three'].map((name, slot) => ({ id: name, name, slot, points: falling }))
  const html = chart({ lines })
  const ys = lines.map((l) => Number(new RegExp(`y="([\\d.]+)">${l.name}<`).exec(html)![1]))
  expect(Math.min(Math.abs(ys[0]! - ys[1]!), Math.abs(ys[1]! - ys[2]!))).toBeGreaterThanOrEqual(14)
})

test('steps stand on a root scale, a quarter of the way in steps at half of the axis', () => {
  const points = [0, 500, 2000].map((x) => ({ x, y: x }))
  const html = chart({
    x: { kind: 'step' },
    y: { label: 'q' },
    lines: [{ id: 'a', name: 'a', slot: 0, points }],
  })
  const xs = [...lineOf(html)!.matchAll(/[ML]([\d.]+),/g)].map((m) => Number(m[1]))
  expect((xs[1]! - xs[0]!) / (xs[2]! - xs[0]!)).toBeCloseTo(0.5, 6)
})

test('the chart is one tab stop named by its message', () => {
  const html = chart()
  expect(html.match(/tabindex="0"/g)).toHaveLength(1)
  expect(html).toContain('aria-label="Output SQNR falls from 20.0 to 2.0 dB"')
})

test('the compared point is ringed once, and where it was measured', () => {
  const line = { id: 'a', name: 'a', slot: 0, points: falling, ringed: [falling[3]!.x, 5000] }
  const html = chart({ lines: [line] })
  expect(html.match(/data-ringed/g)).toHaveLength(1)
})

test('a chart of a range offers all steps, and says so where the range is empty', () => {
  const zoom = { range: [10, 20] as const, whole: [0, 100] as const, onRange: () => {} }
  const html = chart({ lines: [], x: { kind: 'step', domain: [10, 20] }, zoom })
  expect(html).toContain('all steps')
  expect(html).toContain('No points between these steps')
  expect(html).toContain('data-keys="zoom"')
})

test('a log axis ends at the 1, 2 or 5 next to the values', () => {
  const values = [0.17, 0.06, 0.045]
  const html = chart({
    lines: [{ id: 'a', name: 'a', slot: 0, points: values.map((y, x) => ({ x, y })) }],
    x: { kind: 'linear' },
    y: { label: 'loss', kind: 'log', format: String },
  })
  expect([...html.matchAll(/x="-7" y="4" text-anchor="end">([^<]+)/g)].map(([, tick]) => tick)).toEqual([
    '0.02',
    '0.05',
    '0.1',
    '0.2',
  ])
})
