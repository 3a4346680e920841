'use client'

import { Card } from '../_ui/card'
import { CheckpointFacts } from './checkpoint-facts'
import { JobCard } from './job-card'
import { LedgerCard } from './ledger-card'
import { LossCard } from './loss-card'
import { RunFrame, useLayerHref } from './run-frame'
import type { RunProps } from './run-props'
import { StandoutsCard } from './standouts-card'
import { WeightSheet } from './weight-sheet'

/** A network of which only the weights are known: its layers in the order of the file, and the bytes of a student. */
export function WeightsRun(props: RunProps) {
  const { data, checkpoint, initial } = props
  const { run, rows } = data
  const layerHref = useLayerHref(props)
  return (
    <RunFrame {...props} finding={null}>
      <Card>
        <WeightSheet
          rows={rows}
          runName={run.name}
          unrun
          layerHref={layerHref}
          assumptions={checkpoint.assumptions}
        />
      </Card>
      {data.standouts.length > 0 && <StandoutsCard standouts={data.standouts} layerHref={layerHref} />}
      {run.role === 'student' && (
        <LedgerCard ledger={checkpoint.ledger} rows={rows} slot={run.slot}>
          <CheckpointFacts checkpoint={checkpoint} />
        </LedgerCard>
      )}
      {data.losses.length > 0 && <LossCard run={run} losses={data.losses} initial={initial} />}
      {data.job && <JobCard run={run} job={data.job} />}
    </RunFrame>
  )
}
