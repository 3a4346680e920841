'use client'

import Link from 'next/link'
import { keptParams, pageUrl, type ViewParams } from '../../lib/record/view'
import { amountScale } from '../_charts/colour'
import { ColourLegend } from '../_charts/legend'
import { UNetDiagram } from '../_charts/unet-diagram'
import { Card } from '../_ui/card'
import { formatCount, formatDb, formatFixed } from '../_ui/format'
import { RunName } from '../_ui/run-mark'
import { Empty } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'
import { useView } from '../_ui/use-view'
import { AuditCard } from './audit-card'
import { JobCard } from './job-card'
import type { RunViewData } from './load'
import { RunEvidence } from './run-evidence'
import { RunFrame, useLayerHref } from './run-frame'
import type { RunProps } from './run-props'
import type { LayerRow } from './run-rows'
import { WeightSheet } from './weight-sheet'

/** A teacher: its students, samples, and weights. */
export function TeacherRun(props: RunProps) {
  const { data, checkpoint, initial } = props
  const { run, rows } = data
  const [view] = useView(initial)
  const layerHref = useLayerHref(props)
  return (
    <RunFrame {...props} finding={null}>
      <StudentsCard students={data.students} name={run.name} view={view} />
      <RunEvidence data={data} checkpoint={checkpoint} initial={initial} />
      {data.job && <JobCard run={run} job={data.job} />}
      <Card>
        <WorkChart rows={rows} />
      </Card>
      <Card>
        <WeightSheet
          rows={rows}
          runName={run.name}
          layerHref={layerHref}
          assumptions={checkpoint.assumptions}
        />
      </Card>
      {checkpoint.findings && <AuditCard findings={checkpoint.findings} layerHref={layerHref} />}
    </RunFrame>
  )
}

type StudentsCardProps = Pick<RunViewData, 'students'> & { name: string; view: ViewParams }

function StudentsCard({ students, name, view }: StudentsCardProps) {
  const kept = keptParams(view, 'run', { sameRun: false })
  return (
    <Card
      title="Its students"
      caption={
        <>
          Runs that were binarized from this teacher, with the output SQNR of their last checkpoint.
          {students.total > students.first.length && (
            <>
              {' '}
              The {students.first.length} last changed of{' '}
              <Link href={pageUrl('runs', null, null, { q: `teacher:${name}` })}>
                {formatCount(students.total)}
              </Link>
              .
            </>
          )}
        </>
      }
    >
      {students.total === 0 ? (
        <Empty title="No students yet">
          <p>
            <code>npm run --silent cli -- train CONFIG</code> makes one.
          </p>
        </Empty>
      ) : (
        <TableScroll label={`Students of ${name}`}>
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Bits</th>
                <th scope="col">Method</th>
                <th scope="col" className="num">
                  Output SQNR ↑
                </th>
              </tr>
            </thead>
            <tbody>
              {students.first.map((student) => (
                <tr key={student.id}>
                  <th scope="row">
                    <Link href={pageUrl('run', student.name, null, kept)}>
                      <RunName slot={student.slot} name={student.name} />
                    </Link>
                  </th>
                  <td>{student.bits}</td>
                  <td>{student.method}</td>
                  <td className="num">{formatDb(student.outputSqnr)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </Card>
  )
}

/** The U-Net, each layer coloured by its multiply-accumulates. */
function WorkChart({ rows }: { rows: readonly LayerRow[] }) {
  const macs = rows.map(({ layer }) => layer.macs)
  const scale = amountScale(Math.max(1, ...macs) / 1e6, { label: 'M MACs', direction: 'more' })
  return (
    <UNetDiagram
      title="Where the work is"
      caption="Each square is a layer, coloured by its multiply-accumulates per image. Curved lines are skips."
      message={`U-Net of ${rows.length} layers coloured by multiply-accumulates`}
      fileName="unet-macs"
      layers={rows.map((row) => row.layer)}
      values={Object.fromEntries(rows.map(({ layer }) => [layer.id, layer.macs / 1e6]))}
      scale={scale}
      format={(v) => `${formatFixed(v, 2)} M`}
    >
      <div className="unet-foot">
        <ColourLegend scale={scale} />
      </div>
    </UNetDiagram>
  )
}
