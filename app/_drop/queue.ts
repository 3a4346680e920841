/** Checkpoints to diagnose one after the other, and what became of each. */
import type { WorkerFault } from '../_workers/fault'
import type { FoundFile, Plan, Ref } from './plan'

/** One call of the worker: a student against its teacher, or a teacher by itself. */
export type Job = { teacher: Ref; student: Ref | null }

export type Outcome = { file: string; step: number | null } & (
  | { state: 'waiting' | 'working' }
  | { state: 'stored'; run: string; step: number }
  | { state: 'refused'; fault: WorkerFault }
)

/** Teachers first, so that their run is there; the last of them is read once more for its students, or only for them. */
export function jobsOf({ teachers, students }: Plan): Job[] {
  const last = teachers.at(-1)
  if (!last) return []
  const alone = students.length > 0 ? teachers.slice(0, -1) : teachers
  return [
    ...alone.map((teacher) => ({ teacher, student: null })),
    ...students.map((student) => ({ teacher: last, student })),
  ]
}

/** What a job is about: the student, or the teacher if it is by itself. */
export function waitingFor({ teacher, student }: Job, files: readonly FoundFile[]): Outcome {
  const file = files[(student ?? teacher).file]
  const step = file?.kind === 'checkpoint' ? file.step : null
  return { file: file?.name ?? '', step, state: 'waiting' }
}

/** Files that were dropped and could not be read, as what became of them. */
export function unreadableOf(files: readonly FoundFile[]): Outcome[] {
  return files.flatMap((file) =>
    file.kind === 'unreadable'
      ? [{ file: file.name, step: null, state: 'refused' as const, fault: file.fault }]
      : [],
  )
}
