import type { LayerLog, Outcome, Picture, UploadStatus } from '../../lib/record/training-job'
import { getLayerLogsAt, layerLogSteps } from '../../lib/store/layer-logs'
import { countPictures, listPictures } from '../../lib/store/pictures'
import { outcomeOf } from '../../lib/store/training-runs'
import { openUploads } from '../../lib/store/uploads'

/** What a training job reported beside losses and checkpoints. */
export type TrainingJob = {
  outcome: Outcome | null
  /** Checkpoint files under way, and those that were refused. */
  uploads: UploadStatus[]
  /** The latest pictures, and how many there are. */
  pictures: { latest: Picture[]; total: number }
  /** Layer statistics of the latest step, and at how many steps there are some. */
  layers: { step: number; logs: LayerLog[]; steps: number } | null
}

const shownPictures = 8

/** The report of a run's training job; null if there is none. */
export async function loadTrainingJob(run: { id: string; name: string }): Promise<TrainingJob | null> {
  const [outcome, uploads, latest, total, steps] = await Promise.all([
    outcomeOf(run.id),
    openUploads(run.name),
    listPictures(run.id, shownPictures),
    countPictures(run.id),
    layerLogSteps(run.id),
  ])
  const step = steps.at(-1)
  const layers =
    step === undefined ? null : { step, logs: await getLayerLogsAt(run.id, step), steps: steps.length }
  const isEmpty = outcome !== 'failed' && uploads.length === 0 && total === 0 && !layers
  return isEmpty ? null : { outcome, uploads, pictures: { latest, total }, layers }
}
