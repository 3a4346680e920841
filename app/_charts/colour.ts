/**
 * Colour scales of the charts. A scale knows both themes at once: `css(v)` is a `light-dark()` pair for SVG and
 * HTML, `at(v, theme)` one plain colour for a canvas. Values outside the domain clamp; null has no colour (hatch).
 */
import { interpolateLab, piecewise } from 'd3'
import type { errorKinds, metrics } from '../../lib/record/view'

export type Theme = 'light' | 'dark'
export type Metric = (typeof metrics)[number]
export type ErrorKind = (typeof errorKinds)[number]

type Stops = Record<Theme, string[]>

const error: Stops = {
  light: '#f6f4eb #f8ddb3 #fcb67a #f6885e #e4605b #cb4360 #a12863 #671659 #270839'.split(' '),
  dark: '#23202a #3f264d #7e2d70 #b93b73 #df5569 #f47460 #ff9c63 #ffcb8e #fef5bf'.split(' '),
}
const difference: Stops = {
  light: '#993613 #cb632e #f09b64 #f7d2b2 #f1f0ed #c0ddf5 #70b0ed #387fc8 #17559b'.split(' '),
  dark: '#fbd094 #df874b #a25025 #553225 #222427 #264162 #326eab #589ddc #a3d8ff'.split(' '),
}
const amount: Stops = {
  light: '#f0f4f7 #cad6e3 #a2b5c9 #8297af #667d96 #526882 #3a4e67 #233246 #121b28'.split(' '),
  dark: '#1d1f23 #29323e #394b5e #4d637c #637c96 #7992ac #99b0c6 #bfcfdf #e8f0f6'.split(' '),
}

export type ColourScale = {
  kind: 'error' | 'difference' | 'amount'
  /** Value at the left and right end of the legend. */
  domain: readonly [number, number]
  /** What is measured, with its unit, for the legend. */
  label: string
  /** The direction in words, e.g. "higher is better". */
  direction: string
  /** Whether values beyond the last domain value occur and are drawn in its colour ("30+"). */
  openEnded: boolean
  /** `light-dark(a, b)`; follows the theme without a re-render. */
  css(value: number): string
  at(value: number, theme: Theme): string
}

type Words = { label: string; direction: string; openEnded?: boolean }

/** Linear in the domain, piecewise Lab between the stops; the first stop belongs to `from`. */
function ramp(
  kind: ColourScale['kind'],
  stops: Stops,
  from: number,
  to: number,
  { label, direction, openEnded = false }: Words,
): ColourScale {
  const colour = {
    light: piecewise(interpolateLab, stops.light),
    dark: piecewise(interpolateLab, stops.dark),
  }
  const share = (v: number) => Math.min(1, Math.max(0, (v - from) / (to - from)))
  const at = (v: number, theme: Theme) => colour[theme](share(v))
  return {
    kind,
    domain: from < to ? [from, to] : [to, from],
    label,
    direction,
    openEnded,
    at,
    css: (v) => `light-dark(${at(v, 'light')}, ${at(v, 'dark')})`,
  }
}

/** Error: `good` fades into the page, `bad` is strong. */
export const errorScale = (good: number, bad: number, words: Words): ColourScale =>
  ramp('error', error, good, bad, words)

/** Signed difference, symmetric about 0: blue is better (or darker), orange worse (or brighter). */
export const differenceScale = (max: number, words: Words, positiveIsBetter = true): ColourScale =>
  positiveIsBetter
    ? ramp('difference', difference, -max, max, words)
    : ramp('difference', reversed(difference), -max, max, words)

/** Shares and counts, without judgement. */
export const amountScale = (max: number, words: Words): ColourScale => ramp('amount', amount, 0, max, words)

const reversed = (stops: Stops): Stops => ({
  light: stops.light.toReversed(),
  dark: stops.dark.toReversed(),
})

/** One domain per metric on every page, so that two pages can be compared. */
export const metricScales: Record<Metric, ColourScale> = {
  sqnr: errorScale(30, 0, { label: 'SQNR, dB', direction: 'higher is better', openEnded: true }),
  cosine: errorScale(1, 0, { label: 'cosine', direction: 'higher is better' }),
  lowrank: errorScale(1, 0, { label: 'low-rank cosine', direction: 'higher is better' }),
}

/** Of what a layer loses because of its input: accumulated less local, at most 0 but for chance. */
const inheritedScales: Record<Exclude<Metric, 'lowrank'>, ColourScale> = {
  sqnr: errorScale(0, -30, { label: 'SQNR, accumulated less local, dB', direction: '0: nothing inherited' }),
  cosine: errorScale(0, -1, { label: 'cosine, accumulated less local', direction: '0: nothing inherited' }),
}

/** The scale of a metric of an error; low-rank alignment is of the accumulated one alone. */
export const scaleOf = (metric: Metric, kind: ErrorKind): ColourScale =>
  kind === 'inherited' && metric !== 'lowrank' ? inheritedScales[metric] : metricScales[metric]

/** CSS colour of a run by its palette slot; the teacher (null) is ink. */
export function runColour(slot: number | null): string {
  return slot === null ? 'var(--teacher)' : `var(--run-${((slot % 7) + 7) % 7})`
}
