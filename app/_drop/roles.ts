/** Which of the dropped files is the teacher, which the student, which the configuration. */
import type { WorkerFault } from '../_workers/fault'

/** What a dropped file turned out to be. */
export type FoundFile = { name: string; bytes: number } & (
  | {
      kind: 'checkpoint'
      /** Run name the file gives itself. */
      run: string | null
      /** What the file says of itself, if it does. */
      role: 'teacher' | 'student' | null
      /** Layers its manifest binarizes. */
      binarized: number
      /** Conv and linear layers in the order of the file. */
      layers: { id: string; shape: number[] }[]
      /** Why the network is not run in the tab, as a clause; null if it is. */
      unrun: string | null
      tensors: number
      /** Values of all tensors. */
      values: number
    }
  | { kind: 'config' }
  | { kind: 'unreadable'; fault: WorkerFault }
)

export type FoundCheckpoint = Extract<FoundFile, { kind: 'checkpoint' }>

/** Indices into the dropped files. */
export type Roles = { teacher: number | null; student: number | null; config: number | null }

const teacherWords = /teacher|full.?prec|(^|[^a-z])fp(16|32)?([^a-z]|$)|float|reference/i
const studentWords = /student|binar|w1a|sign|xnor|lmb|1.?bit|quant/i

/**
 * How much a file looks like a student: a manifest with binarized layers decides, then what the file says of itself,
 * then its name.
 */
export function studentScore({ binarized, role, name }: FoundCheckpoint): number {
  if (binarized > 0) return 4
  if (role === 'student') return 2
  if (studentWords.test(name)) return teacherWords.test(name) ? 0 : 1
  if (teacherWords.test(name)) return -1
  // A file of Signscope without binarized layers calls itself a teacher; others say nothing.
  return role === 'teacher' ? -0.5 : 0
}

/** One checkpoint is a teacher unless it looks like a student; of two, the likelier one is the student. */
export function rolesOf(files: readonly FoundFile[]): Roles {
  const config = files.findIndex((file) => file.kind === 'config')
  const checkpoints = files
    .flatMap((file, index) => (file.kind === 'checkpoint' ? [{ index, score: studentScore(file) }] : []))
    .slice(0, 2)
  const [first, second] = checkpoints
  const roles: Roles = { teacher: null, student: null, config: config < 0 ? null : config }
  if (!first) return roles
  if (!second)
    return first.score > 0 ? { ...roles, student: first.index } : { ...roles, teacher: first.index }
  const firstIsStudent = first.score > second.score
  return {
    ...roles,
    teacher: firstIsStudent ? second.index : first.index,
    student: firstIsStudent ? first.index : second.index,
  }
}

/** Why these files cannot go in as they are; null if they can. */
export function rolesFault(files: readonly FoundFile[], roles: Roles): WorkerFault | null {
  const unreadable = files.find((file) => file.kind === 'unreadable')
  if (unreadable) return unreadable.fault
  const checkpoints = files.filter((file) => file.kind === 'checkpoint')
  if (checkpoints.length > 2)
    return {
      file: `${checkpoints.length} checkpoints`,
      item: '',
      problem: 'a pair at a time can be read here',
      remedy: 'Drop one teacher and one student, or import a folder: npm run --silent cli -- import PATH',
    }
  if (checkpoints.length === 0)
    return {
      file: files[0]?.name ?? 'nothing',
      item: '',
      problem: 'there is no checkpoint among the files',
      remedy: 'Drop a .safetensors, .pt, .pth, .ckpt or .bin file, with its config beside it if it has one.',
    }
  const teacher = roles.teacher === null ? null : files[roles.teacher]
  if (teacher?.kind === 'checkpoint' && teacher.binarized > 0)
    return {
      file: teacher.name,
      item: '',
      problem: `it has ${teacher.binarized} binarized layers, so it cannot be the teacher`,
      remedy: 'Swap the two, or drop the full-precision checkpoint the student was made from.',
    }
  if (roles.student !== null && roles.teacher === null)
    return {
      file: files[roles.student]?.name ?? '',
      item: '',
      problem: 'a student is measured against its teacher, which is not here',
      remedy: 'Drop it together with the full-precision checkpoint it was made from.',
    }
  return null
}

/** A weight file above this is not stored unless its owner says so. */
export const keepWeightsBelow = 64 * 1024 ** 2
