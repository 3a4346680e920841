/**
 * How numbers and names are written, everywhere. A missing value is an en dash, NaN is spelt out, minus is U+2212.
 * Units are joined with a no-break space.
 */
import { isExact } from '../_charts/series'

const gap = '\u00a0'
const none = '–'

const trueMinus = (text: string): string => text.replace('-', '−')

/** Turns a finite-number format into one that also writes what is missing. */
function withGaps<Rest extends unknown[]>(write: (value: number, ...rest: Rest) => string) {
  return (value: number | null | undefined, ...rest: Rest): string => {
    if (value === null || value === undefined) return none
    if (Number.isNaN(value)) return 'NaN'
    if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
    return trueMinus(write(value, ...rest))
  }
}

/** A fixed number of decimals without a negative zero: "−3.0". */
export const formatFixed = withGaps((value, decimals: number) => {
  const text = value.toFixed(decimals)
  return Number(text) === 0 ? text.replace('-', '') : text
})

/** An SQNR without its unit: "12.6"; at the ceiling, where two outputs are equal within float32, "exact". */
export const formatSqnr = withGaps((value) => (isExact(value) ? 'exact' : formatFixed(value, 1)))

/** "12.6 dB", or "exact". */
export const formatDb = withGaps((value) => (isExact(value) ? 'exact' : `${formatFixed(value, 1)}${gap}dB`))

/** "14.2×", from 100 without decimals: "132×"; exactly 1 is "1×". */
export const formatRatio = withGaps((value) => `${value.toFixed(value >= 100 || value === 1 ? 0 : 1)}×`)

/** "41.8 ms", from 100 without decimals. */
export const formatMs = withGaps((value) => `${value.toFixed(value >= 100 ? 0 : 1)}${gap}ms`)

/** Cosine with three decimals. */
export const formatCosine = withGaps((value) => formatFixed(value, 3))

/** A stretch of time: "40 s", from two minutes on "8 min", "1 h 05 min". */
export const formatDuration = withGaps((seconds) => {
  if (seconds < 120) return `${Math.round(seconds)}${gap}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes}${gap}min`
  return `${Math.floor(minutes / 60)}${gap}h ${String(minutes % 60).padStart(2, '0')}${gap}min`
})

/** A share 0..1: "43 %", below 10 % one decimal. */
export const formatPercent = withGaps((share) => {
  const percent = share * 100
  return `${percent.toFixed(percent !== 0 && Math.abs(percent) < 10 ? 1 : 0)}${gap}%`
})

/** Whole numbers in groups of three: "18,432". */
export const formatCount = withGaps((value) =>
  String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ','),
)

/** Large counts in words: "0.91 M", "61 M", "1.2 G"; below 10,000 in full. */
export const formatLarge = withGaps((value) => {
  const size = Math.abs(value)
  if (size < 1e4) return formatCount(value)
  const [unit, per] = size >= 1e9 ? ['G', 1e9] : size >= 1e5 ? ['M', 1e6] : ['k', 1e3]
  const scaled = value / per
  return `${scaled.toFixed(Math.abs(scaled) < 1 ? 2 : Math.abs(scaled) < 10 ? 1 : 0)}${gap}${unit}`
})

/** Binary, named bytes: "248.7 KiB", "3.46 MiB". */
export const formatBytes = withGaps((value) => {
  if (value < 1024) return `${Math.round(value)}${gap}B`
  if (value < 1024 ** 2) return `${(value / 1024).toFixed(1)}${gap}KiB`
  if (value < 1024 ** 3) return `${(value / 1024 ** 2).toFixed(2)}${gap}MiB`
  return `${(value / 1024 ** 3).toFixed(2)}${gap}GiB`
})

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹'

/** Three significant digits, below 0.001 scientific: "0.0512", "3.2 × 10⁻⁵". */
export const formatScale = withGaps((value) => {
  if (value === 0) return '0'
  if (Math.abs(value) >= 1e-3)
    return Number(value.toPrecision(3)) >= 1000 ? formatCount(value) : value.toPrecision(3)
  const [mantissa, exponent] = value.toExponential(1).split('e') as [string, string]
  const power = [...exponent].map((c) => (c === '-' ? '⁻' : superscripts[Number(c)])).join('')
  return `${mantissa} × 10${power}`
})

/** A difference with its sign in front: "+4.2", "−0.3", "0.0". */
export const formatDelta = withGaps((value, decimals: number) => {
  const text = formatFixed(value, decimals)
  return Number(value.toFixed(decimals)) > 0 ? `+${text}` : text
})

/** Time since `iso`: "12 min ago" up to a day, then "yesterday", then the date. */
export function formatAge(iso: string, now: Date): string {
  const seconds = (now.getTime() - new Date(iso).getTime()) / 1000
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`
  if (seconds < 2 * 86400) return 'yesterday'
  return iso.slice(0, 10)
}

/**
 * A layer id that fits `max` characters: first `block` parts go (`_blocks`, `resnets`, `attentions` in diffusers),
 * then the middle; the last part and the numbers before it stay. The full id belongs into a title.
 */
export function shortLayerId(id: string, max = 24): string {
  return id.length <= max ? id : shortened(id, max)
}

/** The ids of one list: all in full if all fit, else all shortened, so that alike layers look alike. */
export function shortLayerIds(ids: readonly string[], max: number): string[] {
  return ids.every((id) => id.length <= max) ? [...ids] : ids.map((id) => shortened(id, max))
}

function shortened(id: string, max: number): string {
  const noBlock = id
    .split('.')
    .filter((part) => !['block', 'resnets', 'attentions'].includes(part))
    .map((part) => part.replace(/_blocks?$/, ''))
  const shorter = noBlock.join('.')
  if (shorter.length <= max) return shorter
  const last = noBlock[noBlock.length - 1]!
  for (let keep = noBlock.length - 2; keep >= 1; keep--) {
    const text = `${noBlock.slice(0, Math.min(2, keep)).join('.')}.…${noBlock.slice(-2, -1).join('')}.${last}`
    if (text.length <= max) return text
  }
  return `${shorter.slice(0, Math.max(1, max - last.length - 1))}…${last}`
}

/** What a metric is called, its unit, the direction that is better, and how it is written without and with its unit. */
export const metricNames = {
  sqnr: { name: 'SQNR', unit: 'dB', better: 'up', format: formatSqnr, written: formatDb },
  cosine: { name: 'cosine', unit: '', better: 'up', format: formatCosine, written: formatCosine },
  lowrank: { name: 'low-rank cosine', unit: '', better: 'up', format: formatCosine, written: formatCosine },
} as const
