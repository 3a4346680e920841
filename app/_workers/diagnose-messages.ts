/** What the page and the worker that diagnoses say to each other. */
import type { CheckpointUpload } from '../../lib/record/run'
import type { Part } from './dropped-part'
import type { WorkerFault } from './fault'

/** A pair, or a teacher by itself. */
export type DiagnoseRequest = {
  teacher: Part
  student: Part | null
  config: File | null
  /** Run names; empty for what the file says. */
  names: { teacher: string; student: string }
}

/** share: of all work, 0 to 1. */
export type OnProgress = (words: string, share: number) => void

export type DiagnoseResult =
  | { kind: 'done'; teacher: CheckpointUpload; student: CheckpointUpload | null }
  | { kind: 'fault'; fault: WorkerFault }
  | { kind: 'cancelled' }
