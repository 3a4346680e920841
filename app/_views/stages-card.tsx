'use client'

import { StageStrip } from '../_charts/stage-strip'
import { Card } from '../_ui/card'
import { formatCount } from '../_ui/format'
import { Term } from '../_ui/term'
import type { RunViewData } from './load'

/** Progressive start and EBB's transition: parts of the network change precision while they are trained. */
export function StagesCard({ data: { run, stages, checkpoints } }: { data: RunViewData }) {
  const until = checkpoints.at(-1)?.step ?? 0
  const last = Math.max(...stages.flatMap((part) => part.stages.map(({ from }) => from)))
  return (
    <Card>
      <StageStrip
        title={<Term id="progressive">Which part turned binary when</Term>}
        caption="Parts in order of the forward pass, from the precisions the checkpoints state."
        message={`Precision of ${stages.length} parts of ${run.name} by training step; the last change at step ${formatCount(last)}`}
        fileName="precision"
        rows={stages}
        until={until}
        slot={run.slot}
      />
    </Card>
  )
}
