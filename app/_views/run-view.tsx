'use client'

import dynamic from 'next/dynamic'
import { Card } from '../_ui/card'
import { LiveRefresh } from '../_ui/live-refresh'
import { PageShell } from '../_ui/page-shell'
import { Empty } from '../_ui/states'
import type { PackedProps } from './packed'
import { crumbsOf } from './run-frame'
import type { RunViewProps } from './run-props'
import { StudentRun } from './student-run'
import { TrainingNow } from './training-now'
import { usePacked } from './use-packed'

// Few runs have these, and none all of them.
const JobCard = dynamic(() => import('./job-card').then((m) => m.JobCard))
const LossCard = dynamic(() => import('./loss-card').then((m) => m.LossCard))
const TeacherRun = dynamic(() => import('./teacher-run').then((m) => m.TeacherRun))
const WeightsRun = dynamic(() => import('./weights-run').then((m) => m.WeightsRun))

/** One run at one checkpoint: which layers hurt, when, and what the file costs. */
export function RunView({ data: text, ...rest }: PackedProps<RunViewProps>) {
  const data = usePacked(text)
  const props = { ...rest, data }
  const { pulse } = rest
  const { checkpoint } = data
  const awaited = data.job?.uploads.some(({ state }) => state !== 'refused') ?? false
  const Page = checkpoint?.unrun ? WeightsRun : data.run.role === 'teacher' ? TeacherRun : StudentRun
  return (
    <>
      {pulse && (pulse.trainings.length > 0 || awaited) && (
        <LiveRefresh runs={[data.run.name]} stamp={pulse.stamp} />
      )}
      {checkpoint ? <Page {...props} checkpoint={checkpoint} /> : <UnstoredRun {...props} />}
    </>
  )
}

/** A run that was begun and has stored no checkpoint. */
function UnstoredRun({ data, initial, pulse, frozen }: RunViewProps) {
  const { run, losses } = data
  const [training] = pulse?.trainings ?? []
  return (
    <PageShell crumbs={crumbsOf(run.name)} frozen={frozen} subject={run.name}>
      <h1>{run.name}</h1>
      {training && <TrainingNow training={training} />}
      <Card>
        <Empty title="No checkpoint yet" level={2}>
          <p>
            {training ? 'The first one appears here by itself. ' : 'Training writes checkpoints as it goes. '}
            Others are stored with <code>npm run --silent cli -- import PATH --run {run.name}</code>.
          </p>
        </Empty>
      </Card>
      {losses.length > 0 && <LossCard run={run} losses={losses} initial={initial} />}
      {data.job && <JobCard run={run} job={data.job} />}
    </PageShell>
  )
}
