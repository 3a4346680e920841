'use client'

import { columnOf, detailOf, type Grid, unpackGrids } from '../../lib/record/sweep'
import type { SweepRecord } from '../../lib/record/sweep-record'
import { DotStrip } from '../_charts/dot-strip'
import { isMeasured, meanOf, nearestIndex } from '../_charts/series'
import { Card } from '../_ui/card'
import { formatFixed, formatPercent, formatScale } from '../_ui/format'
import { RangeInput } from '../_ui/range-input'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'

type ModuleSubspacesProps = {
  modules: SweepRecord['modules']
  timesteps: readonly number[]
  t: number | null
  slot: number | null
  /** Share of the channels that is kept as axes, per cent. */
  share: number
  onShare: (share: number) => void
}

/** Low-rank representation mimicking, module by module: loss, energy and angles at the rank the reader chooses. */
export function ModuleSubspacesCard({ modules, timesteps, t, slot, share, onShare }: ModuleSubspacesProps) {
  const detail = detailOf(timesteps.length)
  const column = nearestIndex(
    detail.map((i) => timesteps[i]!),
    t ?? 0,
  )
  const at = timesteps[detail[column]!]
  const rows = modules.map((module) => ({ ...module, ...atRank(module, column, share) }))
  const stored = rows.some((row) => row.stored)
  return (
    <Card
      title={<Term id="lrm">{`Low-rank representation, module by module, at t = ${at}`}</Term>}
      caption={
        <>
          Features of both networks on the teacher’s principal axes (uncentred, over channels, from one batch
          of all noise levels). The loss is LRM’s before its weight: mean square difference over the axes
          kept, so it is no plain MSE and grows as the rank falls. Angles are between the leading quarter of
          axes of teacher and student at this t: 0° the same subspace, 90° a direction the student lacks.
        </>
      }
    >
      <div className="rank-slider small">
        axes kept{' '}
        <RangeInput
          min={1}
          max={100}
          value={share}
          aria-label="Axes kept, per cent of the channels"
          onValue={onShare}
        />{' '}
        <b>{share} %</b> of the channels{share === 25 && ', as in training'}
      </div>
      <TableScroll label="Low-rank representation of the modules" className="numbers">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">module</th>
              <th scope="col" className="num">
                axes
              </th>
              <th scope="col" className="num">
                <Term id="lrmLoss">LRM loss</Term> ↓
              </th>
              <th scope="col" className="num">
                of the teacher’s power ↓
              </th>
              <th scope="col">
                <Term id="energy">energy on these axes</Term>, teacher and student
              </th>
              <th scope="col" className="num">
                teacher
              </th>
              <th scope="col" className="num">
                student
              </th>
              <th scope="col" className="num">
                <Term id="angles">angles</Term>, median · largest ↓
              </th>
              {stored && (
                <th scope="col" className="num">
                  stored axes: largest angle, energy of now’s
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.id}>
                <th scope="row" className="mono">
                  {row.id}
                </th>
                <td className="num">
                  {row.kept} of {row.channels}
                </td>
                <td className="num">{formatScale(row.loss)}</td>
                <td className="num">{formatPercent(row.relative)}</td>
                <td>
                  <DotStrip
                    dots={[
                      { slot: null, value: row.teacher },
                      { slot, value: row.student },
                    ]}
                    domain={[0, 1]}
                    grid={[0, 0.5, 1]}
                    width={140}
                    height={18}
                  />
                </td>
                <td className="num">{formatPercent(row.teacher)}</td>
                <td className="num">{formatPercent(row.student)}</td>
                <td className="num">{angleWords(row.angles)}</td>
                {stored && <td className="num">{row.stored ?? '–'}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  )
}

/** What a module has on its first axes, in one detailed timestep. */
export function atRank(
  { channels, grids: packed }: SweepRecord['modules'][number],
  column: number,
  share: number,
) {
  const grids = unpackGrids(packed)
  const of = (name: string) => columnOf(grids.get(name), column)
  const teacher = of('teacherEnergy')
  const kept = Math.min(teacher.length, Math.max(1, Math.round((share / 100) * channels)))
  const first = (values: (number | null)[]) => {
    const mean = meanOf(values.slice(0, kept))
    return mean === null ? null : mean * kept
  }
  const [all, others] = of('energy')
  const [held, student, difference] = [first(teacher), first(of('studentEnergy')), first(of('difference'))]
  return {
    kept,
    loss: ratio(difference, kept),
    relative: ratio(difference, held),
    teacher: ratio(held, all),
    student: ratio(student, others),
    angles: of('angles'),
    stored: storedWords(grids),
  }
}

const ratio = (a: number | null | undefined, b: number | null | undefined): number | null =>
  isMeasured(a) && isMeasured(b) && b !== 0 ? a / b : null

function angleWords(angles: (number | null)[]): string {
  const measured = angles.filter(isMeasured)
  if (measured.length === 0) return '–'
  const median = measured[Math.floor((measured.length - 1) / 2)]!
  return `${formatFixed(median, 0)}° · ${formatFixed(measured.at(-1)!, 0)}°`
}

function storedWords(grids: ReadonlyMap<string, Grid>): string | null {
  const largest = columnOf(grids.get('storedAngles'), 0).at(-1)
  const [stored, now] = columnOf(grids.get('storedEnergy'), 0)
  if (!isMeasured(largest)) return null
  return `${formatFixed(largest, 0)}°, ${formatPercent(stored)} of ${formatPercent(now)}`
}
