'use client'

import dynamic from 'next/dynamic'
import { Card } from '../_ui/card'
import { formatCosine } from '../_ui/format'
import { SampleRows } from '../_ui/sample-rows'
import { Empty } from '../_ui/states'
import type { RunProps } from './run-props'

const LossCard = dynamic(() => import('./loss-card').then((m) => m.LossCard))

/** Loss and samples: what stands below the sheet. A run that was imported without a log has no loss. */
export function RunEvidence({
  data,
  checkpoint,
  initial,
}: Pick<RunProps, 'data' | 'checkpoint' | 'initial'>) {
  const { losses, run, teacher } = data
  return (
    <div className={losses.length > 0 ? 'columns halves' : 'columns'}>
      {losses.length > 0 && <LossCard run={run} losses={losses} initial={initial} />}
      <Card
        title={run.role === 'teacher' ? 'What it draws' : 'Same noise, two networks'}
        caption={
          checkpoint.samples
            ? `Seed ${checkpoint.samples.seed}, drawn when the checkpoint was stored.${
                checkpoint.sampleCosine === null
                  ? ''
                  : ` Mean cosine with the teacher’s images ${formatCosine(checkpoint.sampleCosine)} ↑`
              }`
            : undefined
        }
      >
        {checkpoint.samples ? (
          <SampleRows
            rows={[
              ...(teacher?.samples ? [{ name: 'teacher', slot: null, samples: teacher.samples }] : []),
              {
                name: run.role === 'teacher' ? 'teacher' : run.name,
                slot: run.slot,
                samples: checkpoint.samples,
              },
            ]}
          />
        ) : (
          <Empty title="No samples stored">
            <p>The Sample page draws them live.</p>
          </Empty>
        )}
      </Card>
    </div>
  )
}
