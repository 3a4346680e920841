/** The cost of a network as text. */
import { type BitPlan, type LayerBits, nominalBits } from '../cost/bits'
import type { ComparedClaim } from '../cost/claims'
import type { Cost, LayerCost, Saving } from '../cost/conventions'
import type { Layer } from '../record/run'

export type CostReport = {
  file: string
  parameters: number
  layers: readonly Layer[]
  bits: readonly LayerBits[]
  /** What the network is counted as; null if the file says it itself. */
  plan: BitPlan | null
  costs: Cost[]
  /** Empty unless asked for. */
  claims: ComparedClaim[]
}

export function describeCost(report: CostReport, withLayers: boolean): string {
  const { file, parameters, layers, bits, plan, costs, claims } = report
  const two = bits.filter(({ bases }) => bases === 2).length
  const floats = bits.filter(({ weight }) => weight === 32).length
  const bases = `${two} with two bases${plan?.twoBases ? ` (${plan.twoBases})` : ''}`
  const lines = [
    `${file}: ${layers.length} layers, ${parameters} parameters`,
    `${label(nominalBits(layers, bits))}${plan ? ', as planned' : ''}: ${bases}, ${floats} in full precision`,
    '',
    ...costs.flatMap((cost) => costLines(cost)),
  ]
  if (withLayers)
    for (const { convention, layers } of costs) {
      if (layers.length > 0)
        lines.push('', `layers, ${convention} (weights with their scales)`, ...layerLines(layers))
    }
  if (claims.length > 0) lines.push('', ...claimLines(claims))
  return lines.join('\n')
}

function label({ weight, activation }: LayerBits): string {
  return weight === 32 && activation === 32 ? 'FP32' : `W${weight}A${activation}`
}

function costLines({ convention, operations, bytes, giga }: Cost): string[] {
  const unit = giga === 2 ** 30 ? 'x 2^30 OPs' : 'x 1e9 OPs'
  return [
    ...(operations ? [savingLine(convention, operations, giga, unit)] : []),
    savingLine(operations ? '' : convention, bytes, 2 ** 20, 'MiB'),
  ]
}

function savingLine(name: string, { full, counted, ratio, formula }: Saving, unit: number, words: string) {
  const figures = `${digits(counted / unit).padStart(8)} of ${digits(full / unit).padStart(8)} ${words}`
  return `${name.padEnd(14)} ${figures.padEnd(32)} ${ratio.toFixed(2).padStart(6)}x  ${formula}`
}

/** Four digits and more: 0.6768, 16.05, 1045. */
function digits(value: number): string {
  return value >= 1000 ? value.toFixed(1) : value.toPrecision(4)
}

function layerLines(layers: readonly LayerCost[]): string[] {
  const width = Math.max(...layers.map(({ id }) => id.length))
  return [
    `${'layer'.padEnd(width)}  bits           MACs            OPs        bytes`,
    ...layers.map(({ id, bits, macs, operations, bytes }) => {
      const planes = bits.bases === 2 ? `${label(bits)} x2` : label(bits)
      const figures = [macs, operations, bytes].map((n, i) =>
        Math.round(n).toString().padStart([12, 14, 12][i]!),
      )
      return `${id.padEnd(width)}  ${planes.padEnd(7)}${figures.join(' ')}`
    }),
  ]
}

const statusWords = { exact: 'to the digit', close: 'within 0.2 %', apart: 'NOT reproduced' } as const

/** A line per claim, its formula and note by number below the table. */
function claimLines(claims: readonly ComparedClaim[]): string[] {
  const width = Math.max(...claims.map(({ what }) => what.length))
  const footnotes = [...new Set(claims.flatMap(({ formula, note }) => [formula, ...(note ? [note] : [])]))]
  const numberOf = (words: string) => `[${footnotes.indexOf(words) + 1}]`
  const lines = claims.map(({ version, what, printed, unit, ours, difference, status, note, formula }) => {
    const sign = difference < 0 ? '-' : '+'
    const share = `${sign}${Math.abs(100 * difference).toFixed(2)} %`.padStart(9)
    const figures = `${printed.padStart(7)} ${ours.toFixed(2).padStart(9)} ${share} ${unit.padEnd(6)}`
    const words = `${statusWords[status].padEnd(14)} ${numberOf(formula)}${note ? numberOf(note) : ''}`
    return `${version.padEnd(8)} ${what.padEnd(width)}  ${figures} ${words}`
  })
  return [
    `${'version'.padEnd(8)} ${'what is printed'.padEnd(width)}  printed      ours difference`,
    ...lines,
    ...footnotes.map((words) => `${numberOf(words)} ${words}`),
  ]
}
