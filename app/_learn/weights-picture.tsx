'use client'

import { scaleLinear } from 'd3'
import { useState } from 'react'
import { gaussianFit } from '../../lib/diagnostics/basis-fit'
import { GridY } from '../_charts/axis'
import { runColour } from '../_charts/colour'
import { useWidth } from '../_charts/use-width'
import { formatCosine, formatFixed, formatScale, formatSqnr } from '../_ui/format'
import { RangeInput } from '../_ui/range-input'
import { Draggable, within } from './draggable'
import { firstRow, penaltyOf, type RowFit, rowFit } from './weight-row'

const height = 176
const reach = 2

/** Where the colours of the two binarizers are told. */
const slots = { one: 1, two: 0 }

type RowProps = {
  weights: readonly number[]
  onWeights: (weights: number[]) => void
  one: RowFit
  two: RowFit
}

/** A row of weights to drag, with the levels that one and two bases give each. */
function WeightRow({ weights, onWeights, one, two }: RowProps) {
  const [ref, width] = useWidth(360)
  const [selected, setSelected] = useState(4)
  const [left, right] = [30, width - 6]
  const step = (right - left) / weights.length
  const x = (i: number) => left + (i + 0.5) * step
  const y = scaleLinear([-reach, reach], [height - 8, 8])
  const set = (i: number, value: number) =>
    onWeights(weights.map((w, j) => (j === i ? within(value, -reach, reach) : w)))

  function handlePoint(px: number, py: number, first: boolean) {
    const nearest = Math.min(weights.length - 1, Math.max(0, Math.floor((px - left) / step)))
    const i = first ? nearest : selected
    setSelected(i)
    set(i, y.invert(py))
  }
  function handleArrow(across: number, up: number) {
    if (across !== 0) setSelected((selected + Math.sign(across) + weights.length) % weights.length)
    else set(selected, weights[selected]! + 0.05 * up)
  }
  const half = Math.min(9, 0.42 * step)
  return (
    <div ref={ref}>
      <Draggable
        label="One row of weights: left and right choose a weight, up and down change it"
        value={weights[selected]!}
        min={-reach}
        max={reach}
        valueText={`weight ${selected + 1} of ${weights.length}: ${formatFixed(weights[selected], 2)}; one basis makes ${formatFixed(one.binarized[selected], 2)}, two ${formatFixed(two.binarized[selected], 2)}`}
        width={width}
        height={height}
        onPoint={handlePoint}
        onArrow={handleArrow}
      >
        <GridY
          scale={y}
          ticks={[-2, -1, 0, 1, 2]}
          format={(v) => formatFixed(v, 0)}
          x={left}
          width={right - left}
        />
        {weights.map((w, i) => (
          <g key={i}>
            <line
              x1={x(i)}
              x2={x(i)}
              y1={y(0)}
              y2={y(w)}
              strokeWidth={1.5}
              style={{ stroke: 'var(--ink)' }}
            />
            <line
              x1={x(i) - half}
              x2={x(i) - 1}
              y1={y(one.binarized[i]!)}
              y2={y(one.binarized[i]!)}
              strokeWidth={3}
              style={{ stroke: runColour(slots.one) }}
            />
            <line
              x1={x(i) + 1}
              x2={x(i) + half}
              y1={y(two.binarized[i]!)}
              y2={y(two.binarized[i]!)}
              strokeWidth={3}
              style={{ stroke: runColour(slots.two) }}
            />
            <circle
              cx={x(i)}
              cy={y(w)}
              r={i === selected ? 6 : 4}
              strokeWidth={1.5}
              style={{ fill: i === selected ? 'var(--ink)' : 'var(--surface)', stroke: 'var(--ink)' }}
            />
          </g>
        ))}
      </Draggable>
    </div>
  )
}

function Swatch({ slot }: { slot: number }) {
  return <span className="swatch" style={{ background: runColour(slot) }} aria-hidden />
}

function RowNumbers({ one, two, twoName }: Pick<RowProps, 'one' | 'two'> & { twoName: string }) {
  const scales = ({ sigma1, sigma2 }: RowFit) =>
    [sigma1, ...(sigma2 === null ? [] : [sigma2])].map(formatScale).join(', ')
  const rows = [
    { slot: slots.one, name: 'sign, one basis (left)', fit: one },
    { slot: slots.two, name: `${twoName} (right)`, fit: two },
  ]
  return (
    <table className="plain">
      <thead>
        <tr>
          <th scope="col">drag a weight</th>
          <th scope="col" className="num">
            σ1, σ2
          </th>
          <th scope="col" className="num">
            SQNR, dB ↑
          </th>
          <th scope="col" className="num">
            cosine ↑
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ slot, name, fit }) => (
          <tr key={name}>
            <th scope="row">
              <Swatch slot={slot} /> {name}
            </th>
            <td className="num">{scales(fit)}</td>
            <td className="num">
              <b>{formatSqnr(fit.sqnr)}</b>
            </td>
            <td className="num">{formatCosine(fit.cosine)}</td>
          </tr>
        ))}
        <tr>
          <th scope="row" className="soft">
            Gaussian weights, one and two
          </th>
          <td />
          <td className="num soft">{([1, 2] as const).map(gaussianSqnr).join(', ')}</td>
          <td />
        </tr>
      </tbody>
    </table>
  )
}

const gaussianSqnr = (bases: 1 | 2): string => formatSqnr(-10 * Math.log10(gaussianFit[bases].residualEnergy))

const asRow = (weights: readonly number[]) => Float32Array.from(weights)

/** One basis against two on a row of weights. */
export function WeightsPicture() {
  const [weights, setWeights] = useState(firstRow)
  const [one, two] = [rowFit(asRow(weights), 1), rowFit(asRow(weights), 2)]
  return (
    <>
      <WeightRow weights={weights} onWeights={setWeights} one={one} two={two} />
      <RowNumbers one={one} two={two} twoName="two bases" />
    </>
  )
}

/** The second basis on its way out: EBB from two bases to one. */
export function EbbPicture() {
  const [weights, setWeights] = useState(firstRow)
  const [share, setShare] = useState(60)
  const [one, two] = [rowFit(asRow(weights), 1), rowFit(asRow(weights), 2, share / 100)]
  return (
    <>
      <WeightRow weights={weights} onWeights={setWeights} one={one} two={two} />
      <div className="picture-range small">
        σ2 left{' '}
        <RangeInput
          min={0}
          max={100}
          value={share}
          aria-label="σ2, per cent of its start"
          onValue={setShare}
        />{' '}
        <b>{share} %</b> · penalty {formatScale(penaltyOf(two.sigma2 ?? 0))}
      </div>
      <RowNumbers one={one} two={two} twoName="EBB" />
    </>
  )
}
