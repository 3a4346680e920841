/** Which of the networks in the dropped files is the teacher, which are its students. */
import type { NetworkFamily } from '../../lib/record/run'
import type { NetworkRole } from '../../lib/unet/networks'
import type { WorkerFault } from '../_workers/fault'

/** A network found in a file, as the page shows it. */
export type NetworkView = {
  role: NetworkRole
  /** What its stored names start with. */
  prefix: string
  family: NetworkFamily
  /** Why it is not run in the tab, as a clause; null if it is. */
  unrun: string | null
  /** Bare names and the names they are stored under, in the order of the file. */
  names: [bare: string, stored: string][]
  /** Conv and linear layers in the order of the file, with the shapes of their weights. */
  layers: { id: string; shape: number[] }[]
  /** Bare names that the raw network of the file has and this one has not. */
  missing: string[]
}

/** What a dropped checkpoint turned out to be. */
export type FoundFile = { name: string; folder: string; bytes: number } & (
  | {
      kind: 'checkpoint'
      container: string
      tensors: number
      /** Values of all tensors. */
      values: number
      /** Run name the file gives itself. */
      run: string | null
      /** What the file says of itself, if it does. */
      role: 'teacher' | 'student' | null
      /** Layers its manifest binarizes. */
      binarized: number
      step: number | null
      /** Hash of the file of its teacher, if it names one. */
      teacherSha256: string | null
      /** At least one. */
      networks: NetworkView[]
      /** Prefix of the network that is taken if nobody says otherwise. */
      usual: string
      /** Conv and linear layers of that network with the shapes of their weights; null where those are packed. */
      layout: [id: string, shape: number[] | null][]
      /** Tensors of no network, counted by what their names start with. */
      beside: [prefix: string, tensors: number][]
      /** Family and hash of names and shapes: the same for all files of one kind. */
      fileKind: string
      /** In shards: such a checkpoint is no single file that could be stored. */
      sharded: boolean
    }
  | { kind: 'unreadable'; fault: WorkerFault }
)

export type FoundCheckpoint = Extract<FoundFile, { kind: 'checkpoint' }>

/** A network by the index of its file and its prefix. */
export type Ref = { file: number; prefix: string }

/** Both ascending by step. Students are measured against the last of the teachers. */
export type Plan = { teachers: Ref[]; students: Ref[] }

const teacherWords = /teacher|full.?prec|(^|[^a-z])fp(16|32)?([^a-z]|$)|float|reference/i
const studentWords = /student|binar|w1a|sign|xnor|lmb|1.?bit|quant/i
const quantized: ReadonlySet<NetworkFamily> = new Set(['binarydm', 'q-diffusion', 'efficientdm'])

/**
 * How much a file looks like a student: binarized layers decide, then a teacher in the same file, then what the file says
 * of itself, then its name.
 */
export function studentScore({ binarized, role, name, networks, usual }: FoundCheckpoint): number {
  const own = networks.find(({ prefix }) => prefix === usual)
  if (binarized > 0 || (own && quantized.has(own.family))) return 4
  if (own && !isTeacher(own) && networks.some(isTeacher)) return 3
  if (role === 'student') return 2
  if (studentWords.test(name)) return teacherWords.test(name) ? 0 : 1
  if (teacherWords.test(name)) return -1
  // A file of Signscope without binarized layers calls itself a teacher; others say nothing.
  return role === 'teacher' ? -0.5 : 0
}

const isTeacher = ({ role }: NetworkView): boolean => role === 'teacher' || role === 'teacher-ema'

/**
 * One checkpoint is a teacher unless it looks like a student; of two, the likelier one is the student, unless they are steps
 * of one training; of more, each goes by itself. Students without a teacher take the one in their own file.
 */
export function planOf(files: readonly FoundFile[]): Plan {
  const found = files.flatMap((file, index) =>
    file.kind === 'checkpoint'
      ? [{ file, ref: { file: index, prefix: file.usual }, score: studentScore(file) }]
      : [],
  )
  const [first, second] = found
  const pair = first && second && found.length === 2 && !areSteps(first.file, second.file)
  const students = pair
    ? [first.score > second.score ? first : second]
    : found.filter(({ score }) => score > 0)
  const teachers = found.filter((each) => !students.includes(each))
  const refs = (list: typeof found) =>
    [...list].sort((a, b) => (a.file.step ?? 0) - (b.file.step ?? 0)).map(({ ref }) => ref)
  const own = students.flatMap(({ file, ref }) => {
    const prefix = file.networks.find(isTeacher)?.prefix
    return prefix === undefined ? [] : [{ file: ref.file, prefix }]
  })
  return { teachers: teachers.length > 0 ? refs(teachers) : own.slice(0, 1), students: refs(students) }
}

/** Two files of one kind that tell different steps. */
function areSteps(a: FoundCheckpoint, b: FoundCheckpoint): boolean {
  return a.fileKind === b.fileKind && a.step !== null && b.step !== null && a.step !== b.step
}

export function checkpointAt(files: readonly FoundFile[], ref: Ref | undefined): FoundCheckpoint | null {
  const file = ref && files[ref.file]
  return file?.kind === 'checkpoint' ? file : null
}

export function networkAt(files: readonly FoundFile[], ref: Ref | undefined): NetworkView | null {
  return checkpointAt(files, ref)?.networks.find(({ prefix }) => prefix === ref?.prefix) ?? null
}

/** Why these files cannot go in as they are; null if they can. Of several, those that cannot be read are left out. */
export function planFault(files: readonly FoundFile[], { teachers, students }: Plan): WorkerFault | null {
  const checkpoints = files.filter((file) => file.kind === 'checkpoint')
  const unreadable = files.find((file) => file.kind === 'unreadable')
  if (unreadable && checkpoints.length < 2) return unreadable.fault
  if (checkpoints.length === 0)
    return {
      file: 'the files',
      item: '',
      problem: 'there is no checkpoint among them',
      remedy: 'Drop a .safetensors, .pt, .pth, .ckpt or .bin file, with its config beside it if it has one.',
    }
  for (const ref of teachers) {
    const teacher = checkpointAt(files, ref)
    if (teacher && teacher.binarized > 0 && ref.prefix === teacher.usual)
      return {
        file: teacher.name,
        item: '',
        problem: `it has ${teacher.binarized} binarized layers, so it cannot be the teacher`,
        remedy: 'Swap the two, or drop the full-precision checkpoint the student was made from.',
      }
  }
  if (students.length > 0 && teachers.length === 0)
    return {
      file: checkpointAt(files, students[0])?.name ?? '',
      item: '',
      problem: 'a student is measured against its teacher, which is not here',
      remedy: 'Drop it together with the full-precision checkpoint it was made from.',
    }
  return null
}

const uninformative =
  /^(last|best|latest|final|model|checkpoint|ckpt|weights|diffusion_pytorch_model.*|(epoch|step|iter)[-_=]?\d.*|\d+)$/i
const genericFolder = /^(checkpoints?|ckpts?|weights|models?|unet|logs?)$/i

/**
 * A name for the run of one file or of several: what the file calls it; else the folder they lay in, for several or where
 * the file's name says nothing; else the file's name without its ending, without the step for several.
 */
export function proposedName(files: readonly FoundCheckpoint[]): string {
  const [first] = files
  if (!first) return ''
  const stem = first.name.replace(/(?<=.)\.(safetensors(\.index\.json)?|ckpt|pth|pt|bin|npz|zip)$/i, '')
  const folder = first.folder
    .split('/')
    .reverse()
    .find((part) => part !== '' && !genericFolder.test(part))
  const several = files.length > 1
  const bare = several ? stem.replace(/[-_=.]?(?:epoch[-_=]?\d+[-_])?(?:step[-_=]?)?\d*$/i, '') || stem : stem
  const named = folder !== undefined && (several || uninformative.test(stem)) ? folder : bare
  return (first.run ?? named).slice(0, 120)
}

/** A weight file above this is not stored unless its owner says so. */
export const keepWeightsBelow = 64 * 1024 ** 2
