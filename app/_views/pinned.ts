/** What belongs to a frozen view, and what was stored after it was shared. */
import type { CheckpointSummary } from '../../lib/record/run'

/** A frozen view: the checkpoints it shows, and when it was shared (ISO time). */
export type Pinned = { ids: readonly string[]; createdAt: string }

type Stored = Pick<CheckpointSummary, 'step' | 'outputSqnr' | 'createdAt'>

/** Whether a checkpoint existed when the view was shared; in a live view all do. */
export const wasStored = (pinned: Pinned | undefined, c: Pick<Stored, 'createdAt'>): boolean =>
  !pinned || c.createdAt <= pinned.createdAt

/**
 * What the slider of a view shows, ascending by step: the checkpoints that existed when it was shared, and the shown
 * one as it was, even if its step was stored again.
 */
export function knownCheckpoints(
  checkpoints: readonly Stored[],
  shown: Stored | null,
  pinned?: Pinned,
): { step: number; value: number | null }[] {
  const others = checkpoints.filter((c) => c.step !== shown?.step && wasStored(pinned, c))
  return [...others, ...(shown ? [shown] : [])]
    .sort((a, b) => a.step - b.step)
    .map((c) => ({ step: c.step, value: c.outputSqnr }))
}
