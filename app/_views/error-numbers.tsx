import {
  columnOf,
  type ErrorName,
  errorNames,
  type Grid,
  type TailName,
  tailNames,
} from '../../lib/record/sweep'
import { isMeasured, quantileOf } from '../_charts/series'
import { formatCosine, formatScale, formatSqnr } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'

type Measure = {
  name: string
  /** a: teacher's output, b: student's. */
  formula: string
  better: '↑' | '↓'
  format: (value: number | null | undefined) => string
}

export const measures: Record<ErrorName | TailName, Measure> = {
  sqnr: { name: 'SQNR, dB', formula: '10 log₁₀(Σa² / Σ(a−b)²)', better: '↑', format: formatSqnr },
  cosine: { name: 'cosine', formula: '⟨a,b⟩ / (|a| |b|)', better: '↑', format: formatCosine },
  normalizedL2: { name: 'normalised L2', formula: '|a−b| / |a|', better: '↓', format: formatScale },
  mse: { name: 'MSE', formula: 'mean (a−b)²', better: '↓', format: formatScale },
  maxAbs: { name: 'largest error', formula: 'max |a−b|', better: '↓', format: formatScale },
  p99Abs: { name: '99th percentile', formula: 'of |a−b|', better: '↓', format: formatScale },
  kl: { name: 'KL of histograms, nats', formula: 'Σ p ln(p/q), 64 bins', better: '↓', format: formatScale },
  cka: { name: 'linear CKA', formula: '|YᵀX|² / (|XᵀX| |YᵀY|)', better: '↑', format: formatCosine },
}

type SweepProps = {
  grids: ReadonlyMap<string, Grid>
  /** Of the selected timestep, and of the nearest one that was measured in detail. */
  at: number
  detail: number
  timesteps: readonly number[]
  /** The timestep of `detail`. */
  detailT: number
}

/** Every measure of a layer's output at one timestep: both errors, and weights and input quantized apart. */
export function ErrorNumbers({ grids, at, detail, timesteps, detailT }: SweepProps) {
  const apart = grids.has('weightsOnly')
  const columns = [
    {
      name: 'accumulated',
      term: 'accumulated' as const,
      errors: columnOf(grids.get('accumulated'), at),
      tails: columnOf(grids.get('accumulatedTails'), detail),
    },
    {
      name: 'local',
      term: 'local' as const,
      errors: columnOf(grids.get('local'), at),
      tails: columnOf(grids.get('localTails'), detail),
    },
    ...(apart
      ? [
          {
            name: 'weights only',
            term: 'apart' as const,
            errors: columnOf(grids.get('weightsOnly'), detail),
            tails: [],
          },
          {
            name: 'input only',
            term: 'apart' as const,
            errors: columnOf(grids.get('activationsOnly'), detail),
            tails: [],
          },
        ]
      : []),
  ]
  const rows = [
    ...errorNames.map((name, i) => ({ name, values: columns.map(({ errors }) => errors[i]) })),
    ...tailNames.map((name, i) => ({ name, values: columns.map(({ tails }) => tails[i]) })),
  ]
  const elsewhere = detailT === timesteps[at] ? '' : ` (at t = ${detailT})`
  return (
    <>
      <TableScroll label="Errors of the output" className="numbers">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">measure</th>
              <th scope="col">better</th>
              {columns.map(({ name, term }) => (
                <th key={name} scope="col" className="num">
                  <Term id={term}>{name}</Term>
                </th>
              ))}
              <th scope="col">a: teacher, b: student</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, values }) => {
              const { name: words, formula, better, format } = measures[name]
              return (
                <tr key={name}>
                  <th scope="row">
                    <Term id={name}>{words}</Term>
                  </th>
                  <td>{better}</td>
                  {values.map((value, i) => (
                    <td key={columns[i]!.name} className="num">
                      {format(value)}
                    </td>
                  ))}
                  {/* on a phone the table scrolls; a formula in pieces says nothing */}
                  <td className="soft" style={{ whiteSpace: 'nowrap' }}>
                    {formula}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </TableScroll>
      <p className="caption">
        Local: the student’s layer on the teacher’s input, first images only.{' '}
        {apart && <>Weights only is W1A32, input only W32A4{elsewhere}. </>}
        The last three measures are taken over positions spread evenly{elsewhere}. A dash: not measured, or
        nothing to divide by; equal outputs are exact.
      </p>
    </>
  )
}

/** The spread of the error over images and over output channels, and the channels that are worst. */
export function ErrorSpread({ grids, at, detail, detailT }: Omit<SweepProps, 'timesteps'>) {
  const images = columnOf(grids.get('images'), at)
  const local = columnOf(grids.get('localChannels'), detail)
  const accumulated = columnOf(grids.get('channels'), detail)
  const worst = local
    .map((sqnr, channel) => ({ channel, sqnr }))
    .filter((c): c is { channel: number; sqnr: number } => isMeasured(c.sqnr))
    .toSorted((a, b) => a.sqnr - b.sqnr)
    .slice(0, 5)
  const spread = (values: (number | null)[]) =>
    [0, 0.5, 1].map((p) => formatSqnr(quantileOf(values, p))).join(' · ')
  return (
    <TableScroll label="Spread of the error" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">SQNR, dB ↑</th>
            <th scope="col" className="num">
              lowest · median · highest
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">over {images.length} images, accumulated</th>
            <td className="num">{spread(images)}</td>
          </tr>
          <tr>
            <th scope="row">
              over {accumulated.length} channels, accumulated, t {detailT}
            </th>
            <td className="num">{spread(accumulated)}</td>
          </tr>
          <tr>
            <th scope="row">the same, local</th>
            <td className="num">{spread(local)}</td>
          </tr>
          {worst.length > 0 && (
            <tr>
              <th scope="row">worst channels, local</th>
              <td className="num">
                {worst.map(({ channel, sqnr }) => `${channel}: ${formatSqnr(sqnr)}`).join(' · ')}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </TableScroll>
  )
}
