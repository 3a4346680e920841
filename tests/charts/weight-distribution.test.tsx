import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { levelsPerChannel } from '../../app/_charts/levels'
import { WeightDistribution, type WeightDistributionProps } from '../../app/_charts/weight-distribution'
import { pickRows, WeightRidgeline } from '../../app/_charts/weight-ridgeline'

const props: WeightDistributionProps = {
  title: 'Weights',
  message: 'Distribution of 100 weights, cut to 4 levels',
  fileName: 'weights',
  latent: { lo: -1, hi: 1, counts: [0, 2, 20, 10, 8, 10, 8, 20, 20, 2] },
  teacher: { lo: -1, hi: 1, counts: [2, 6, 10, 14, 18, 18, 14, 10, 6, 2] },
  channels: levelsPerChannel([0.5, 0.25], [0.25, 0.125]),
  channel: 0,
  shares: [0.22, 0.28, 0.28, 0.22],
  domain: [-1, 1],
  slot: 0,
  latentName: 'latent, student',
  width: 500,
}
const draw = (changes: Partial<WeightDistributionProps> = {}) =>
  renderToStaticMarkup(<WeightDistribution {...props} {...changes} />)
/** The value axis runs from 44 to 488 px for a width of 500. */
const px = (value: number) => 44 + ((value + 1) / 2) * 444
const stems = (markup: string) =>
  [...markup.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="4.5"/g)].map((m) => [
    Number(m[1]),
    Number(m[2]),
  ])

it('stems stand at the levels of the selected channel, as high as their share', () => {
  const drawn = stems(draw())
  expect(drawn.map(([x]) => x)).toEqual([-0.75, -0.25, 0.25, 0.75].map(px))
  // The axis of shares goes to 50 %: a stem of 28 % is 28/22 as high as one of 22 %. Float64 px.
  expect((226 - drawn[1]![1]!) / (226 - drawn[0]![1]!)).toBeCloseTo(0.28 / 0.22, 9)
  expect(stems(draw({ channel: 1 })).map(([x]) => x)).toEqual([-0.375, -0.125, 0.125, 0.375].map(px))
  expect(draw()).toContain('28\u00a0%')
})

it('every channel has its ticks, and the chart a name that states its message', () => {
  expect(draw().match(/v8/g)).toHaveLength(8)
  expect(draw()).toContain('2 ch.')
  expect(draw()).toContain('aria-label="Distribution of 100 weights, cut to 4 levels"')
})

it('a layer in full precision has a distribution and no levels', () => {
  const markup = draw({ channels: [], shares: null, teacher: null })
  expect(stems(markup)).toEqual([])
  expect(markup).not.toContain('ch.')
  expect(markup).not.toContain('teacher')
})

it('unknown shares leave the level itself beside its stem', () => {
  expect(draw({ shares: null })).toContain('0.750')
})

it('without latent weights the teacher and the levels are drawn, and nothing is called latent', () => {
  const markup = draw({ latent: null })
  expect(stems(markup)).toEqual(stems(draw()))
  expect(markup).not.toContain('latent, student')
  expect(markup).toContain('teacher, full precision')
  expect(draw({ latent: null, teacher: null, channels: [] })).toContain('Float weights are not stored')
})

it('weights that are all not finite are said to be so', () => {
  expect(draw({ latent: { lo: 0, hi: 1, counts: [0, 0] }, teacher: null })).toContain('No finite weights')
})

it('the distribution looks as it did', () => {
  expect(draw({ width: 300 })).toMatchSnapshot()
})

const rows = Array.from({ length: 20 }, (_, i) => ({
  step: i * 100,
  histogram: { lo: -1, hi: 1, counts: [1, 4, 4, 1] },
  levels: [-0.5, 0.5],
}))

it('of many checkpoints the first, the last and the selected one are always drawn', () => {
  const steps = pickRows(rows, 700).map((row) => row.step)
  expect(steps).toHaveLength(8)
  expect([steps[0], steps.at(-1)]).toEqual([0, 1900])
  expect(steps).toContain(700)
  expect(steps).toEqual(steps.toSorted((a, b) => a - b))
  expect(pickRows(rows.slice(0, 5), 0)).toHaveLength(5)
})

it('the ridgeline says how many checkpoints it shows and draws the teacher first', () => {
  const markup = renderToStaticMarkup(
    <WeightRidgeline
      title="Over training"
      message="Weights at 20 checkpoints"
      fileName="ridges"
      rows={rows}
      teacher={{ lo: -1, hi: 1, counts: [2, 3, 3, 2] }}
      selected={700}
      domain={[-1, 1]}
      slot={1}
      width={400}
    />,
  )
  expect(markup).toContain('8 of 20 checkpoints shown')
  expect(markup.indexOf('>teacher<')).toBeLessThan(markup.indexOf('>700<'))
  expect(markup).toMatch(/class="strong"[^>]*>700</)
})
