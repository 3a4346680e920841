/** What the U-Net of a student can be coloured by beside the error of the map: numbers that layers have once, at every timestep. */
import type { networkColours } from '../../lib/record/view'
import { amountScale, type ColourScale, errorScale } from '../_charts/colour'
import { isMeasured } from '../_charts/series'
import type { TermId } from '../_learn/glossary'
import { formatDb, formatFixed, formatLarge, formatPercent, formatScale } from '../_ui/format'
import type { LayerRow } from './run-rows'

export type NetworkColour = (typeof networkColours)[number]

/** A number of a layer, in words that follow "coloured by". */
export type LayerNumber = {
  term: TermId
  name: string
  of: (row: LayerRow) => number | null
  scale: (max: number) => ColourScale
  format: (value: number) => string
}

const amount = (label: string) => (max: number) => amountScale(max, { label, direction: 'more' })
const decibels = (label: string) => () =>
  errorScale(15, 0, { label, direction: 'higher is better', openEnded: true })

export const layerNumbers: Record<Exclude<NetworkColour, 'map'>, LayerNumber> = {
  weights: {
    term: 'weightsSqnr',
    name: 'how well the bases hold the weights',
    of: (row) => row.weightsSqnr,
    scale: decibels('weights SQNR, dB'),
    format: formatDb,
  },
  teacher: {
    term: 'againstTeacher',
    name: 'how close the weights are to the teacher’s',
    of: (row) => row.teacherSqnr,
    scale: decibels('SQNR against the teacher’s weights, dB'),
    format: formatDb,
  },
  ratio: {
    term: 'ratio',
    name: 'σ2/σ1, the second basis against the first',
    of: (row) => row.ratio,
    scale: amount('σ2/σ1'),
    format: (v) => formatFixed(v, 2),
  },
  flips: {
    term: 'flips',
    name: 'signs that flipped',
    of: (row) => row.flips,
    scale: amount('share of signs'),
    format: formatPercent,
  },
  std: {
    term: 'std',
    name: 'standard deviation of the weights',
    of: (row) => row.std,
    scale: amount('standard deviation'),
    format: formatScale,
  },
  macs: {
    term: 'macs',
    name: 'multiply-accumulates',
    of: (row) => row.layer.macs / 1e6,
    scale: amount('M MACs'),
    format: (v) => `${formatFixed(v, 2)} M`,
  },
  parameters: {
    term: 'parameters',
    name: 'parameters',
    of: (row) => row.layer.parameters,
    scale: amount('parameters'),
    format: formatLarge,
  },
}

/** The numbers any of the layers has. */
export function knownNumbers(rows: readonly LayerRow[]): (keyof typeof layerNumbers)[] {
  const names = Object.keys(layerNumbers) as (keyof typeof layerNumbers)[]
  return names.filter((name) => rows.some((row) => isMeasured(layerNumbers[name].of(row))))
}

/** The scale of a number over these layers, from 0 to the largest. */
export function numberScale({ scale, of }: LayerNumber, rows: readonly LayerRow[]): ColourScale {
  const largest = Math.max(...rows.map(of).filter(isMeasured))
  return scale(largest > 0 ? largest : 1)
}
