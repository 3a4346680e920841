'use client'

import { bestStep, stepFactors, stepLeft } from '../../lib/diagnostics/activation-use'
import { codeRange } from '../../lib/quant/lsq'
import type { LayerPrecision } from '../../lib/record/precision'
import { codeRows, columnOf, type Grid, rowOf } from '../../lib/record/sweep'
import { CodeBars } from '../_charts/code-bars'
import { type Line, LineChart } from '../_charts/line-chart'
import { isMeasured, meanOf, quantileOf } from '../_charts/series'
import { Card } from '../_ui/card'
import { formatFixed, formatPercent, formatScale } from '../_ui/format'
import { Term } from '../_ui/term'

type InputUseProps = {
  grids: ReadonlyMap<string, Grid>
  layerId: string
  precision: LayerPrecision
  /** Step of the quantizer; null for a float input. */
  alpha: number | null
  timesteps: readonly number[]
  at: number
  detail: number
  slot: number | null
  onTime: (t: number) => void
}

/** How the student's input of a layer fits its quantizer: range over timesteps, codes used, what is clipped. */
export function InputUse(props: InputUseProps) {
  const { grids, layerId, precision, alpha, timesteps, at, detail, slot, onTime } = props
  const range = grids.get('range')
  if (!range) return null
  const names = range.rows > 2 ? ['way up', 'skip'] : ['input']
  const bits = precision.activationBits
  const t = timesteps[at]!
  const lines = names.flatMap((name, part): Line[] =>
    (['smallest', 'largest'] as const).map((end, i) => ({
      id: `${name}-${end}`,
      name: names.length > 1 ? `${end}, ${name}` : end,
      slot,
      dash: part === 0 ? 'solid' : 'dashed',
      points: timesteps.map((x, k) => ({ x, y: rowOf(range, 2 * part + i)[k] ?? null })).toReversed(),
    })),
  )
  const codes = alpha === null ? null : columnOf(grids.get('codes'), at)
  const clipped = alpha === null ? [] : columnOf(grids.get('clipped'), at)
  const references = alpha !== null && bits !== 32 ? codeEnds(alpha, bits) : []
  const better = betterStep(grids.get('stepSqnr'))
  const outlier = outlierOf(columnOf(grids.get('peaks'), detail))
  return (
    <div className="columns halves">
      <Card>
        <LineChart
          title="What the input ranges over"
          caption={`Smallest and largest value of the student’s input at each timestep, first images${
            references.length > 0
              ? '; the lines are the ends of its quantizer, whose step does not change with t'
              : ''
          }.${names.length > 1 ? ' The two halves of the concatenation apart.' : ''}`}
          message={`Range of the input of ${layerId} over ${timesteps.length} timesteps`}
          fileName={`${layerId}-input-range`}
          lines={lines}
          x={{ kind: 'time' }}
          y={{ label: 'value', format: (v) => formatFixed(v, 1) }}
          references={references}
          selectedX={t}
          onSelectX={onTime}
        />
        {outlier && (
          <p className="small soft">
            Largest |x| of a channel is {formatFixed(outlier.ratio, 1)} times the median channel’s (channel{' '}
            {outlier.channel}); a step for all channels must cover it.
          </p>
        )}
      </Card>
      <Card>
        {codes?.some(isMeasured) && bits !== 32 ? (
          <>
            <CodeBars
              title={<Term id="codes">{`Codes in use at t = ${t}`}</Term>}
              caption={`Share of the input at each ${bits === 4 ? 'of the 16 codes' : 'group of 16 codes'}, step α = ${formatScale(alpha)}. Few bars carry all: the step is too large; tall ends: too small.`}
              message={`Codes of the input of ${layerId} at t ${t}`}
              fileName={`${layerId}-codes`}
              parts={names.map((name, part) => ({
                name,
                shares: codes.slice(part * codeRows, (part + 1) * codeRows).map((v) => v ?? 0),
              }))}
              codes={codeNames(bits)}
              slot={slot}
            />
            <p className="small soft">
              {names.map((name, part) => {
                const [below, above] = clipped.slice(2 * part)
                const used = codes
                  .slice(part * codeRows, (part + 1) * codeRows)
                  .filter((v) => (v ?? 0) > 0.001).length
                return (
                  <span key={name}>
                    {names.length > 1 && <b>{name}: </b>}
                    {formatPercent(below)} <Term id="clipped">clipped</Term> below, {formatPercent(above)}{' '}
                    above; {used} of {codeRows} hold more than 0.1 %.{' '}
                  </span>
                )
              })}
              {better && (
                <>
                  A step {formatFixed(better.factor, 2)} times as large would gain{' '}
                  <b>{formatFixed(better.gain, 1)} dB</b> on the input, mean over the timesteps measured in
                  detail.
                </>
              )}
            </p>
          </>
        ) : (
          <>
            <h2>Codes in use</h2>
            <p className="caption">The input of this layer stays in floats: there are no codes.</p>
          </>
        )}
      </Card>
    </div>
  )
}

function codeEnds(alpha: number, bits: 4 | 8): { y: number; label: string }[] {
  const { Qn, Qp } = codeRange(bits)
  return [
    { y: Qp * alpha, label: `${Qp} α` },
    { y: Qn * alpha, label: `−${-Qn} α` },
  ]
}

function codeNames(bits: 4 | 8): string[] {
  const { Qn, Qp } = codeRange(bits)
  const step = (Qp - Qn + 1) / codeRows
  return Array.from({ length: codeRows }, (_, i) => String(Qn + i * step).replace('-', '−'))
}

/** The step that is best on the mean over timesteps, as a multiple of the one in use; null where none gains half a dB. */
function betterStep(steps: Grid | undefined): { factor: number; gain: number } | null {
  if (!steps) return null
  const sqnrs = stepFactors.map((_, row) => rowOf(steps, row))
  const gain = meanOf(stepLeft(sqnrs)) ?? 0
  return gain >= 0.5 ? { factor: stepFactors[bestStep(sqnrs)]!, gain } : null
}

/** The channel that reaches furthest, against the median channel; null where the median is 0. */
function outlierOf(peaks: (number | null)[]): { channel: number; ratio: number } | null {
  const median = quantileOf(peaks, 0.5)
  if (!median) return null
  const largest = Math.max(...peaks.map((peak) => peak ?? 0))
  return { channel: peaks.indexOf(largest), ratio: largest / median }
}
