import { expect, test } from 'vitest'
import { spreadApart } from '../../app/_charts/axis'
import { CheckpointSlider } from '../../app/_charts/checkpoint-slider'
import { metricScales } from '../../app/_charts/colour'
import { DotStrip } from '../../app/_charts/dot-strip'
import { HistogramInline } from '../../app/_charts/histogram-inline'
import { ColourLegend, RunLegend } from '../../app/_charts/legend'
import { markPath } from '../../app/_charts/mark'
import { ScatterChart } from '../../app/_charts/scatter-chart'
import { Sparkline } from '../../app/_charts/sparkline'
import { toCsv } from '../../app/_charts/table-text'
import { picture } from './picture'

const histogram = { lo: -2, hi: 2, counts: [1, 4, 9, 12, 14, 14, 12, 9, 4, 1] }

test('the inline histogram of ten bins looks as it did, levels as stems', () => {
  const html = picture(
    <HistogramInline histogram={histogram} std={1} slot={0} levels={[{ value: -0.8 }, { value: 0.8 }]} />,
  )
  expect(html).toMatchSnapshot()
  expect(html.match(/<line/g)).toHaveLength(2)
})

test('a histogram in multiples of its own std is the same for weights ten times as large', () => {
  const scaled = { lo: -20, hi: 20, counts: histogram.counts }
  const draw = (h: typeof histogram, std: number) =>
    picture(<HistogramInline histogram={h} std={std} slot={0} />)
  expect(draw(scaled, 10)).toBe(draw(histogram, 1))
})

test('weights without spread are hatched, not drawn', () => {
  const html = picture(<HistogramInline histogram={histogram} std={0} slot={0} />)
  expect(html).toContain('hatch')
  expect(html).not.toContain('<path')
})

test('the dot strip clamps to its domain and draws nothing for null', () => {
  const draw = (value: number | null) =>
    picture(<DotStrip dots={[{ slot: 2, value }]} domain={[0, 30]} width={100} />)
  expect(draw(99)).toBe(draw(30))
  expect(draw(null)).not.toContain('<path')
  expect(draw(15)).toContain('translate(50,9)')
})

test('the sparkline ends in the mark of its run', () => {
  const html = picture(
    <Sparkline
      points={[
        { step: 0, value: 2 },
        { step: 100, value: null },
        { step: 2000, value: 8 },
      ]}
      slot={1}
      yDomain={[0, 10]}
      maxStep={2000}
    />,
  )
  expect(html).toMatchSnapshot()
  expect(html).not.toContain('NaN')
})

test('the checkpoint slider says its step, place and quality', () => {
  const checkpoints = [0, 50, 200, 500, 1000, 2000].map((step, i) => ({ step, value: i + 1 }))
  const html = picture(
    <CheckpointSlider checkpoints={checkpoints} selected={500} slot={0} label="SQNR, dB ↑" width={400} />,
  )
  expect(html).toMatchSnapshot()
  expect(html).toContain('aria-valuetext="step 500, 4 of 6, SQNR, dB ↑ 4.0"')
})

test('a difference of a tenth of a dB does not look like a fall', () => {
  const heights = (values: number[]) => {
    const checkpoints = values.map((value, i) => ({ step: i * 100, value }))
    const html = picture(
      <CheckpointSlider checkpoints={checkpoints} selected={100} slot={0} label="q" width={300} />,
    )
    return [...html.matchAll(/cy="([\d.]+)" r="2.5"/g)].map((m) => Number(m[1]))
  }
  const [from, to] = heights([10.1, 10])
  // The curve is 32 px high for 3 dB or more.
  expect(to! - from!).toBeCloseTo(32 / 30, 1)
  const [low, high] = heights([0, 10])
  expect(low! - high!).toBe(32)
})

test('a slider of one unmeasured checkpoint is drawn without numbers', () => {
  const html = picture(
    <CheckpointSlider
      checkpoints={[{ step: 0, value: null }]}
      selected={0}
      slot={null}
      label="q"
      width={300}
    />,
  )
  expect(html).not.toMatch(/NaN|Infinity/)
})

test('the scatter chart of three runs looks as it did and names each', () => {
  const points = ['sign', 'lmb', 'lrm'].map((name, i) => ({
    id: name,
    name,
    slot: i,
    x: 200 + i * 40,
    y: 8 + i,
  }))
  const html = picture(
    <ScatterChart
      title="What a smaller file costs"
      message="three runs"
      fileName="size"
      points={points}
      x={{ label: 'KiB', format: String }}
      y={{ label: 'dB ↑' }}
      width={420}
      height={200}
    />,
  )
  expect(html).toMatchSnapshot()
  for (const { name } of points) expect(html).toContain(`>${name}<`)
})

test('the legend names unit, direction and both ends, an open end with a plus', () => {
  const html = picture(<ColourLegend scale={metricScales.sqnr} />)
  for (const text of ['SQNR, dB', 'higher is better →', '>0<', '>15<', '30+']) {
    expect(html.replace('<!-- -->', '')).toContain(text)
  }
  expect(html.match(/light-dark/g)).toHaveLength(32)
})

test('every run of a legend has its own mark', () => {
  const slots = [null, 0, 1, 2, 3, 4, 5, 6]
  const html = picture(<RunLegend runs={slots.map((slot) => ({ name: `run ${slot}`, slot }))} />)
  expect(html.match(/run-name/g)).toHaveLength(8)
  expect(new Set(slots.slice(1).map((slot) => markPath(slot, 9))).size).toBe(7)
})

test('labels are at least the gap apart and keep their order', () => {
  expect(spreadApart([10, 10, 50], 14, 0, 100)).toEqual([10, 24, 50])
  expect(spreadApart([99, 98], 14, 0, 100)).toEqual([100, 86])
  expect(spreadApart([], 14, 0, 100)).toEqual([])
})

test('a CSV quotes what needs it and leaves out what was not measured', () => {
  const table = { columns: ['layer', 'a,b'], rows: [['say "x"', null] as (string | null)[], ['y', 1.5]] }
  expect(toCsv(table)).toBe('layer,"a,b"\n"say ""x""",\ny,1.5\n')
})

test('without float weights the inline histogram draws the levels alone, or says that nothing is stored', () => {
  const alone = picture(
    <HistogramInline histogram={null} std={1} slot={0} levels={[{ value: -0.8 }, { value: 0.8 }]} />,
  )
  expect(alone.match(/<line/g)).toHaveLength(2)
  expect(picture(<HistogramInline histogram={null} std={0} slot={0} />)).toContain(
    'float weights are not stored',
  )
})
