import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { BasisScales, type BasisScalesProps } from '../../app/_charts/basis-scales'
import { basisYardsticks } from '../../app/_charts/basis-yardsticks'

const props: BasisScalesProps = {
  title: 'Basis scales',
  message: 'Scales of 10 channels',
  fileName: 'scales',
  sigma1: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1],
  sigma2: [0.06, 0.12, 0.18, 0.24, 0.3, 0.36, 0.42, 0.48, 0.54, 0.6],
  start: null,
  meanAbs: [{ name: 'teacher mean |w|', value: 0.55, slot: null }],
  slot: 0,
  channel: 4,
  width: 400,
}
const draw = (changes: Partial<BasisScalesProps> = {}) =>
  renderToStaticMarkup(<BasisScales {...props} {...changes} />)

/** E| |w| - E|w| | / E|w| for weights whose absolute values have this quantile function, by the midpoint rule. */
function ratioOf(quantile: (p: number) => number): number {
  const n = 200_000
  const values = Array.from({ length: n }, (_, i) => quantile((i + 0.5) / n))
  const mean = values.reduce((sum, v) => sum + v, 0) / n
  return values.reduce((sum, v) => sum + Math.abs(v - mean), 0) / n / mean
}

it('the yardsticks are what least-squares bases of the named distributions have', () => {
  const ratio = Object.fromEntries(basisYardsticks.map((y) => [y.name, y.ratio]))
  // Three printed decimals: half a unit of the last one.
  expect(ratio.uniform).toBeCloseTo(
    ratioOf((p) => p),
    3,
  )
  expect(ratio.Laplace).toBeCloseTo(
    ratioOf((p) => -Math.log(1 - p)),
    3,
  )
  // |w| of a Gaussian in closed form: 2(m(2Φ(m)−1) − 2(φ(0)−φ(m))) / m with m = sqrt(2/π), Φ(m) = 0.787515.
  const m = Math.sqrt(2 / Math.PI)
  const density = (v: number) => Math.exp((-v * v) / 2) / Math.sqrt(2 * Math.PI)
  const gaussian = (2 * (m * (2 * 0.787515 - 1) - 2 * (density(0) - density(m)))) / m
  expect(ratio.Gaussian).toBeCloseTo(gaussian, 3)
})

it('two bases are one mark per channel between the three yardsticks, the selected one in ink', () => {
  const markup = draw()
  for (const name of ['Laplace .736', 'Gaussian .605', 'uniform .500']) expect(markup).toContain(name)
  expect(markup.match(/fill:var\(--run-0\)/g)).toHaveLength(10)
  expect(markup).toMatch(/fill:var\(--ink\)[\s\S]*>4<\/text>/)
})

it('one basis stands by channel against the mean |w|, without yardsticks for a second', () => {
  const markup = draw({ sigma2: null })
  expect(markup).not.toContain('Gaussian')
  expect(markup).toContain('teacher mean |w| 0.550')
  expect(markup).toContain('output channel')
})

it('a channel whose scale went negative stays on the plane', () => {
  const markup = draw({ sigma1: [-0.2, 0.4], sigma2: [0.1, 0.2], channel: 0 })
  const marks = [...markup.matchAll(/translate\(([\d.]+),([\d.]+)\)" style="fill/g)].map((m) => Number(m[1]))
  expect(marks).toHaveLength(2)
  expect(Math.min(...marks)).toBeGreaterThanOrEqual(44)
})

it('the hair begins where the channel started', () => {
  const without = draw()
  const withStart = draw({ start: { step: 0, sigma1: props.sigma1.map((s) => s / 2), sigma2: props.sigma2 } })
  expect(withStart.length).toBeGreaterThan(without.length)
  expect(withStart).toContain('opacity:0.45')
})

it('scales look as they did', () => {
  expect(draw({ sigma1: [0.5, 1], sigma2: [0.3, 0.5], channel: 1 })).toMatchSnapshot()
})
