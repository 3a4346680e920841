/** What a user corrects in how dropped files are read, and remembers for files of the same kind. */
import * as z from 'zod/mini'
import { type ScheduleName, scheduleNames } from '../../lib/record/run'
import type { Wanted } from '../../lib/unet/reading'

const count = z.int().check(z.positive())

/** Values of the configuration (a UNetConfig) that names and shapes cannot tell. */
export const Overrides = z.object({
  sampleSize: z.optional(count),
  heads: z.optional(count),
  headChannels: z.optional(z.nullable(count)),
  normGroups: z.optional(count),
})
export type Overrides = z.infer<typeof Overrides>

export const Corrections = z.object({
  /** Prefixes of the networks in the two roles; null leaves it to the file. */
  teacher: z._default(z.nullable(z.string()), null),
  student: z._default(z.nullable(z.string()), null),
  /** Name of the student's reading, see lib/unet/reading. */
  mode: z._default(z.string(), 'stored'),
  schedule: z._default(z.nullable(z.enum(scheduleNames)), null),
  config: z._default(Overrides, {}),
})
export type Corrections = {
  teacher: string | null
  student: string | null
  mode: string
  schedule: ScheduleName | null
  config: Overrides
}

export const noCorrections: Corrections = {
  teacher: null,
  student: null,
  mode: 'stored',
  schedule: null,
  config: {},
}

/** What is wanted of the file that plays a role. A teacher has one reading only. */
export function wantedAs(
  role: 'teacher' | 'student',
  prefix: string,
  { mode, schedule }: Corrections,
): Wanted {
  return { network: prefix, mode: role === 'student' ? mode : 'stored', schedule }
}

/** In words, for the line that says they were applied again; '' if there are none. */
export function correctionWords({ teacher, student, mode, schedule, config }: Corrections): string {
  return [
    student !== null && `student ${student || '(bare names)'}`,
    teacher !== null && `teacher ${teacher || '(bare names)'}`,
    mode !== 'stored' && `reading ${mode}`,
    schedule !== null && `sampler of ${schedule}`,
    config.sampleSize !== undefined && `image size ${config.sampleSize}`,
    config.headChannels != null && `heads of ${config.headChannels} channels`,
    config.heads !== undefined && config.headChannels == null && `${config.heads} heads`,
    config.normGroups !== undefined && `${config.normGroups} norm groups`,
  ]
    .filter((words) => words !== false)
    .join(', ')
}

const key = (fileKind: string): string => `signscope:read-as:${fileKind}`

/** What was corrected before in files of this kind; null if nothing was, or if it can no longer be read. */
export function recall(fileKind: string): Corrections | null {
  try {
    const text = localStorage.getItem(key(fileKind))
    return text === null ? null : z.parse(Corrections, JSON.parse(text))
  } catch {
    return null
  }
}

/** Without corrections there is nothing to remember. A browser that stores nothing forgets. */
export function remember(fileKind: string, corrections: Corrections): void {
  try {
    if (correctionWords(corrections) === '') localStorage.removeItem(key(fileKind))
    else localStorage.setItem(key(fileKind), JSON.stringify(corrections))
  } catch {
    // private windows and full stores: the next drop starts from what the file tells
  }
}

export function forget(fileKind: string): void {
  remember(fileKind, noCorrections)
}
