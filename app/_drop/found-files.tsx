'use client'

import { type ReactNode, useState } from 'react'
import type { ScheduleName } from '../../lib/record/run'
import { formatBytes, formatCount, formatLarge } from '../_ui/format'
import { networkName } from '../_ui/network-names'
import type { Part } from '../_workers/dropped-part'
import type { Outline } from '../_workers/inspect-dropped'
import { ConfigFields, ReadingFields } from './correction-fields'
import { type Corrections, correctionWords, forget, noCorrections, recall, wantedAs } from './corrections'
import type { Dropped } from './dropped'
import { Mapping } from './mapping'
import {
  checkpointAt,
  type FoundCheckpoint,
  type FoundFile,
  keepWeightsBelow,
  type NetworkView,
  networkAt,
  type Plan,
  planFault,
  proposedName,
  type Ref,
} from './plan'
import { type OutlineOf, useOutline } from './use-outline'

type Role = 'teacher' | 'student'
const roles = ['teacher', 'student'] as const

/** What is to become of the dropped files. */
export type Choices = {
  plan: Plan
  corrections: Corrections
  names: Record<Role, string>
  keepWeights: boolean
}

type FoundFilesProps = {
  files: readonly FoundFile[]
  dropped: readonly Dropped[]
  /** Name of the configuration beside them; null if there is none. */
  config: string | null
  plan: Plan
  /** Whose sampler they run with unless something else is chosen or remembered; null leaves it to the files. */
  schedule: ScheduleName | null
  outlineOf: OutlineOf
  onStart: (choices: Choices) => void
  onCancel: () => void
}

/** What was dropped, which network of it is which, how it is read, and what is to become of it. */
export function FoundFiles({
  files,
  dropped,
  config,
  plan: found,
  schedule,
  outlineOf,
  onStart,
  onCancel,
}: FoundFilesProps) {
  const [plan, setPlan] = useState(found)
  const kind = checkpointAt(files, plan.students[0] ?? plan.teachers[0])?.fileKind ?? ''
  const [corrections, setCorrections] = useState(() => recall(kind) ?? { ...noCorrections, schedule })
  const [recalled, setRecalled] = useState(() => recall(kind) !== null)
  const [chosen, setChosen] = useState<Partial<Record<Role, string>>>({})

  const refs = {
    teacher: plan.teachers.map(corrected('teacher')),
    student: plan.students.map(corrected('student')),
  }
  const lead = { teacher: refs.teacher.at(-1), student: refs.student.at(-1) }
  const outlines = {
    teacher: useOutline(partOf('teacher'), outlineOf),
    student: useOutline(partOf('student'), outlineOf),
  }
  const several = refs.teacher.length + refs.student.length > 2
  const storedIn = lead.teacher && dropped[lead.teacher.file]?.storedIn
  const names = namesOf(files, refs, storedIn === undefined ? chosen : { ...chosen, teacher: storedIn })
  const fresh = [...refs.teacher, ...refs.student].filter((ref) => dropped[ref.file]?.storedIn === undefined)
  const bytes = totalBytes(files, fresh)
  const small = files.every((file, i) => dropped[i]?.storedIn !== undefined || file.bytes <= keepWeightsBelow)
  const sharded = roles.some((role) => refs[role].some((ref) => checkpointAt(files, ref)?.sharded))
  const unrun = roles.some((role) => networkAt(files, lead[role])?.unrun)
  const [keepChosen, setKeep] = useState<boolean | null>(null)
  const keep = !sharded && (keepChosen ?? (small && !unrun))
  const withStudent = refs.student.length > 0
  const alike = withStudent && refs.teacher.length > 0 && names.teacher.trim() === names.student.trim()
  const nameless = roles.some((role) => refs[role].length > 0 && !names[role].trim())
  const fault =
    planFault(files, plan) ?? roles.map((role) => outlines[role].shown?.fault).find(Boolean) ?? null
  const waiting = roles.some((role) => outlines[role].waiting)

  /** A network the file does not have leaves the one found: a series may be of two kinds. */
  function corrected(role: Role): (ref: Ref) => Ref {
    return (ref) => {
      const prefix = corrections[role]
      const file = checkpointAt(files, ref)
      return prefix === null || !file || !prefixesOf(file).includes(prefix) ? ref : { ...ref, prefix }
    }
  }
  function partOf(role: Role): Part | null {
    const ref = lead[role]
    const file = ref && dropped[ref.file]
    if (!ref || !file || networkAt(files, ref)?.unrun) return null
    return { dropped: file, wanted: wantedAs(role, ref.prefix, corrections), overrides: corrections.config }
  }
  function correct(next: Corrections) {
    setCorrections(next)
    setRecalled(false)
  }
  function move(file: number, to: Role | 'left out') {
    const without = (list: Ref[]) => list.filter((ref) => ref.file !== file)
    const ref = { file, prefix: checkpointAt(files, { file, prefix: '' })?.usual ?? '' }
    setPlan({
      teachers: to === 'teacher' ? [...without(plan.teachers), ref] : without(plan.teachers),
      students: to === 'student' ? [...without(plan.students), ref] : without(plan.students),
    })
  }

  return (
    <form
      className="found-files"
      onSubmit={(event) => {
        event.preventDefault()
        if (alike || nameless || fault || waiting) return
        onStart({
          plan: { teachers: refs.teacher, students: refs.student },
          corrections,
          names,
          keepWeights: keep,
        })
      }}
    >
      <h2>{titleOf(refs)}</h2>
      {!withStudent && (
        <p className="soft">
          Full precision: {unrun ? 'the statistics of its weights' : 'weights and samples'}, no comparison. To
          see what binarization did, drop it together with its student.
        </p>
      )}
      {recalled && (
        <p className="small" role="status">
          As you chose before for files of this kind: {correctionWords(corrections)} ·{' '}
          <button
            type="button"
            className="text-button"
            onClick={() => {
              forget(kind)
              correct(noCorrections)
            }}
          >
            forget
          </button>
        </p>
      )}
      <div className="table-scroll found-table">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">as</th>
              <th scope="col">file</th>
              <th scope="col">network</th>
              <th scope="col" className="num">
                step
              </th>
              <th scope="col">found</th>
              <th scope="col" className="num">
                size
              </th>
            </tr>
          </thead>
          <tbody>
            {(several ? rowsOf(files, refs) : pairRows(refs)).map(({ role, ref }) => {
              const file = checkpointAt(files, ref)
              return (
                file && (
                  <tr key={`${ref.file} ${role}`}>
                    <th scope="row">
                      {several ? (
                        <select
                          className="field"
                          aria-label={`What ${file.name} is`}
                          value={role}
                          onChange={(event) => move(ref.file, event.target.value as Role)}
                        >
                          {['teacher', 'student', 'left out'].map((role) => (
                            <option key={role}>{role}</option>
                          ))}
                        </select>
                      ) : (
                        role
                      )}
                    </th>
                    <td>
                      <span className="mono">{file.folder ? `${file.folder}/${file.name}` : file.name}</span>
                      {dropped[ref.file]?.storedIn !== undefined && (
                        <span className="soft"> stored here, in {dropped[ref.file]?.storedIn}</span>
                      )}
                    </td>
                    <td>
                      {role !== 'left out' && (
                        <NetworkChoice
                          role={role}
                          file={file}
                          prefix={ref.prefix}
                          onChange={(prefix) => correct({ ...corrections, [role]: prefix })}
                        />
                      )}
                    </td>
                    <td className="num step">{file.step === null ? '–' : formatCount(file.step)}</td>
                    <td>{foundWords(file, networkAt(files, ref))}</td>
                    <td className="num">{formatBytes(file.bytes)}</td>
                  </tr>
                )
              )
            })}
            {files.map(
              (file) =>
                file.kind === 'unreadable' && (
                  <tr key={`${file.folder}/${file.name}`}>
                    <th scope="row">not read</th>
                    <td className="mono">{file.name}</td>
                    <td colSpan={3} className="worse">
                      ◆ {file.fault.problem}. {file.fault.remedy}
                    </td>
                    <td className="num">{formatBytes(file.bytes)}</td>
                  </tr>
                ),
            )}
            {config !== null && (
              <tr>
                <th scope="row">config</th>
                <td className="mono">{config}</td>
                <td colSpan={4}>for files that do not say it themselves</td>
              </tr>
            )}
          </tbody>
        </table>
      </div>
      <div className="drop-fields">
        {roles.map(
          (role) =>
            refs[role].length > 0 &&
            !(role === 'teacher' && storedIn !== undefined) && (
              <label key={role}>
                Run name of the {role}
                <input
                  className="field"
                  required
                  maxLength={120}
                  value={names[role]}
                  onChange={(event) => setChosen({ ...chosen, [role]: event.target.value })}
                />
              </label>
            ),
        )}
      </div>
      {roles.map((role) => {
        const network = networkAt(files, lead[role])
        return network && <WeightsOnly key={role} role={role} network={network} />
      })}
      {roles.some((role) => partOf(role)) && (
        <ReadAs
          teacher={outlines.teacher.shown?.outline ?? null}
          student={outlines.student.shown?.outline ?? null}
          withStudent={partOf('student') !== null}
          corrections={corrections}
          onChange={correct}
        />
      )}
      {roles.map((role) => {
        const [file, ref] = [checkpointAt(files, lead[role]), lead[role]]
        const network = networkAt(files, ref) ?? outlines[role].shown?.outline?.view
        return file && network && <Mapping key={role} role={role} network={network} file={file} />
      })}
      <label>
        <input
          type="checkbox"
          checked={keep}
          disabled={sharded}
          onChange={(event) => setKeep(event.target.checked)}
        />
        Keep the weights ({formatBytes(bytes)}){unrun ? '' : ', so that Sample can run'}
        {sharded && ' (not for a checkpoint in shards)'}
        {!sharded && !small && ` (off because a file is larger than ${formatBytes(keepWeightsBelow)})`}
      </label>
      {alike && (
        <p className="worse" role="alert">
          ◆ Teacher and student are two runs: give them two names.
        </p>
      )}
      {fault && (
        <p className="worse" role="alert">
          ◆ {fault.file}
          {fault.item && `: ${fault.item}`}: {fault.problem}. {fault.remedy}
        </p>
      )}
      <div className="chips">
        {!fault && (
          <button type="submit" className="button solid" disabled={alike || nameless || waiting}>
            {withStudent
              ? 'Diagnose and store'
              : refs.teacher.length > 1
                ? 'Store them'
                : 'Store as a teacher'}
          </button>
        )}
        {storedIn === undefined && canSwap(files, plan) && (
          <button
            type="button"
            className="button"
            onClick={() => setPlan({ teachers: plan.students, students: plan.teachers })}
          >
            Swap teacher and student
          </button>
        )}
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}

type RowRole = Role | 'left out'
type Row = { role: RowRole; ref: Ref }

function pairRows(refs: Record<Role, Ref[]>): Row[] {
  return roles.flatMap((role) => refs[role].map((ref) => ({ role, ref })))
}

/** Every checkpoint, those that are left out at the end, so that they can be taken back. */
function rowsOf(files: readonly FoundFile[], refs: Record<Role, Ref[]>): Row[] {
  const rows = pairRows(refs)
  const used = new Set(rows.map(({ ref }) => ref.file))
  const rest = files.flatMap((file, index) =>
    file.kind === 'checkpoint' && !used.has(index)
      ? [{ role: 'left out' as const, ref: { file: index, prefix: file.usual } }]
      : [],
  )
  return [...rows, ...rest]
}

function titleOf({ teacher, student }: Record<Role, Ref[]>): string {
  const steps = (refs: Ref[]) => `${refs.length} checkpoints`
  if (student.length === 0)
    return teacher.length > 1 ? `${steps(teacher)} in full precision` : 'One full-precision checkpoint'
  if (student.length > 1) return `A teacher and ${steps(student)} of its student`
  return student[0]!.file === teacher[0]?.file
    ? 'A student and its teacher, in one file'
    : 'A teacher and its student'
}

/** A student whose file says that it is binarized cannot be the teacher. */
function canSwap(files: readonly FoundFile[], { teachers, students }: Plan): boolean {
  const [student] = students
  if (students.length !== 1 || teachers.length !== 1 || student!.file === teachers[0]!.file) return false
  return checkpointAt(files, student)?.binarized === 0
}

function namesOf(
  files: readonly FoundFile[],
  refs: Record<Role, Ref[]>,
  chosen: Partial<Record<Role, string>>,
): Record<Role, string> {
  const proposed = (role: Role) => proposedName(refs[role].flatMap((ref) => checkpointAt(files, ref) ?? []))
  const student = chosen.student ?? proposed('student')
  // One file, or one folder, names both.
  const teacher =
    proposed('teacher') === student && student !== ''
      ? `${student.slice(0, 112)}-teacher`
      : proposed('teacher')
  return { teacher: chosen.teacher ?? teacher, student }
}

function totalBytes(files: readonly FoundFile[], refs: readonly Ref[]): number {
  return [...new Set(refs.map(({ file }) => file))].reduce((sum, file) => sum + (files[file]?.bytes ?? 0), 0)
}

type NetworkChoiceProps = {
  role: Role
  file: FoundCheckpoint
  prefix: string
  onChange: (prefix: string) => void
}

/** Prefixes of a file that no network was found under, and that one may be. */
function prefixesBeside({ beside }: FoundCheckpoint): string[] {
  return beside.map(([prefix]) => prefix).filter((prefix) => /[./]$/.test(prefix))
}

function prefixesOf(file: FoundCheckpoint): string[] {
  return [...file.networks.map(({ prefix }) => prefix), ...prefixesBeside(file)]
}

/** The networks of a file, and any prefix of its names that none was found under. */
function NetworkChoice({ role, file, prefix, onChange }: NetworkChoiceProps): ReactNode {
  const options = [
    ...file.networks.map(({ role, prefix }): [string, string] => [
      prefix,
      prefix ? `${networkName(role, prefix)} (${prefix})` : networkName(role, prefix),
    ]),
    ...prefixesBeside(file).map((prefix): [string, string] => [prefix, `tensors under ${prefix}`]),
  ]
  if (options.length === 1) return options[0]![1]
  return (
    <select
      className="field network"
      aria-label={`Network of the ${role}`}
      value={prefix}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  )
}

/** Why a network is not run here, and its layers, which are known before any weight is read. */
function WeightsOnly({ role, network }: { role: Role; network: NetworkView }): ReactNode {
  if (network.unrun === null) return null
  return (
    <details className="found-layers">
      <summary>
        {role}: weights only, because {network.unrun}. {formatCount(network.layers.length)} layers
      </summary>
      <ul className="mono small">
        {network.layers.map(({ id, shape }) => (
          <li key={id}>
            {id} <span className="soft">{shape.join('×')}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}

type ReadAsProps = {
  teacher: Outline | null
  student: Outline | null
  withStudent: boolean
  corrections: Corrections
  onChange: (corrections: Corrections) => void
}

/** What the networks are taken for, with every assumption, and the fields that correct it. */
function ReadAs({ teacher, student, withStudent, corrections, onChange }: ReadAsProps): ReactNode {
  const lead = withStudent ? student : teacher
  const assumptions = new Set([...(student?.assumptions ?? []), ...(teacher?.assumptions ?? [])])
  const readable = (student?.binarized ?? 0) > 0 || corrections.mode !== 'stored'
  const correctable = lead !== null && !lead.stated
  return (
    <section className="read-as" aria-label="How they are read">
      <p role="status">{lead ? outlineWords(lead) : 'Reads names and shapes …'}</p>
      {assumptions.size > 0 && (
        <ul className="small soft">
          {[...assumptions].map((sentence) => (
            <li key={sentence}>assuming {sentence}</li>
          ))}
        </ul>
      )}
      {(readable || correctable) && (
        <div className="drop-fields">
          {readable && <ReadingFields corrections={corrections} onChange={onChange} />}
          {correctable && <ConfigFields outline={lead} corrections={corrections} onChange={onChange} />}
        </div>
      )}
      {correctionWords(corrections) !== '' && (
        <p className="small soft">
          Corrected: {correctionWords(corrections)}. Remembered for files of this kind.
        </p>
      )}
    </section>
  )
}

function outlineWords({ config, layers, binarized, twoBases, bits }: Outline): string {
  const size = `${config.inChannels} × ${config.sampleSize} × ${config.sampleSize}`
  const precision =
    binarized === 0 ? 'all in full precision' : `${binarized} binarized (${twoBases} with two bases), ${bits}`
  return `Images ${size}; ${layers} conv and linear layers, ${precision}.`
}

function foundWords(file: FoundCheckpoint, network: NetworkView | null): string {
  const { container, networks, binarized, values } = file
  const family = network ? `${network.family}, ${formatCount(network.names.length)} tensors` : ''
  const others = networks.length > 1 ? `, one of ${networks.length} networks` : ''
  const precision = binarized > 0 ? `, ${binarized} binarized layers` : ''
  return `${family}${precision}${others}; ${container}, ${formatLarge(values)} values`
}
