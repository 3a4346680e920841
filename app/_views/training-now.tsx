import type { LiveTraining } from '../../lib/store/live'
import { formatCount, formatDuration } from '../_ui/format'

/** "training, step 450 of 1,000, 8 min left". */
export function trainingWords({ step, steps, secondsLeft }: LiveTraining): string {
  if (steps !== null && step >= steps) return 'training, storing the last checkpoint'
  const of = steps === null ? '' : ` of ${formatCount(steps)}`
  const left = secondsLeft === null ? '' : `, ${formatDuration(secondsLeft)} left`
  return `training, step ${formatCount(step)}${of}${left}`
}

/** How far a training is, in words over a thin bar. */
export function TrainingNow({ training }: { training: LiveTraining }) {
  const share = training.steps ? Math.min(1, training.step / training.steps) : null
  return (
    <div className="training-now" role="status">
      <span>{trainingWords(training)}</span>
      {share !== null && (
        <div className="progress">
          <div style={{ width: `${100 * share}%` }} />
        </div>
      )}
    </div>
  )
}
