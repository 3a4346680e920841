/** What the pages of a run are given. */
import type { ViewParams } from '../../lib/record/view'
import type { RunCheckpoint, RunViewData } from './load'
import type { Pulse } from './pulse'

export type RunViewProps = {
  data: RunViewData
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  /** Whether it is being trained; absent in a frozen view. */
  pulse?: Pulse
  frozen?: { createdAt: string }
}

/** What the pages of a stored checkpoint are given. */
export type RunProps = RunViewProps & { checkpoint: RunCheckpoint }
