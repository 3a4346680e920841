/** Which network of its file a checkpoint is, and how it was read and run, as the Run page states it. */
import { type CheckpointDetail, scheduleNames } from '../../lib/record/run'
import { roleOfPrefix } from '../../lib/unet/networks'
import { networkName, scheduleWords } from '../_ui/network-names'

/** null: not known of checkpoints stored before it was kept, or meaningless where no network runs. */
export type ReadAs = {
  /** 'EMA'; prefix: what its names start with in the file, '' where they are bare. */
  network: { role: string; prefix: string } | null
  /** Name of the reading, see lib/unet/reading. */
  reading: string | null
  /** Code base whose sampler schedule it runs with. */
  sampler: string | null
}

export function readAsOf({
  fileName,
  diagnosis,
}: Pick<CheckpointDetail, 'fileName'> & {
  diagnosis: Pick<CheckpointDetail['diagnosis'], 'network' | 'mode' | 'schedule' | 'family' | 'unrun'>
}): ReadAs {
  const { network: prefix, mode, schedule, family, unrun } = diagnosis
  const sampler =
    unrun === undefined ? (schedule ?? scheduleNames.find((name) => name === family)) : undefined
  return {
    network:
      prefix === undefined ? null : { role: networkName(roleOfPrefix(prefix, fileName), prefix), prefix },
    reading: mode ?? null,
    sampler: sampler ? scheduleWords[sampler] : null,
  }
}
