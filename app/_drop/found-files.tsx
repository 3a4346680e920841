'use client'

import { useState } from 'react'
import { formatBytes, formatLarge } from '../_ui/format'
import { type FoundFile, keepWeightsBelow, type Roles } from './roles'

export type Choice = { names: { teacher: string; student: string }; keepWeights: boolean }

type FoundFilesProps = {
  files: readonly FoundFile[]
  roles: Roles
  onSwap: () => void
  onStart: (choice: Choice) => void
  onCancel: () => void
}

/** What was dropped, which is which, and what is to become of it. */
export function FoundFiles({ files, roles, onSwap, onStart, onCancel }: FoundFilesProps) {
  const [teacher, student] = [at(files, roles.teacher), at(files, roles.student)]
  const [chosen, setChosen] = useState<Partial<Choice['names']>>({})
  const names = {
    teacher: chosen.teacher ?? proposedName(teacher),
    student: chosen.student ?? proposedName(student),
  }
  const bytes = (teacher?.bytes ?? 0) + (student?.bytes ?? 0)
  const small = [teacher, student].every((file) => (file?.bytes ?? 0) <= keepWeightsBelow)
  const unrun = [teacher, student].some((file) => file?.kind === 'checkpoint' && file.unrun !== null)
  const [keep, setKeep] = useState(small && !unrun)
  const alike = student !== null && names.teacher.trim() === names.student.trim()
  const nameless = !names.teacher.trim() || (student !== null && !names.student.trim())

  return (
    <form
      className="found-files"
      onSubmit={(event) => {
        event.preventDefault()
        if (!alike && !nameless) onStart({ names, keepWeights: keep })
      }}
    >
      <h2>{student ? 'A teacher and its student' : 'One full-precision checkpoint'}</h2>
      {!student && (
        <p className="soft">
          It can be stored as a teacher: {unrun ? 'the statistics of its weights' : 'weights and samples'}, no
          comparison. To see what binarization did, drop it together with its student.
        </p>
      )}
      <div className="table-scroll">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">as</th>
              <th scope="col">file</th>
              <th scope="col" className="num">
                size
              </th>
              <th scope="col">found</th>
              <th scope="col">run name</th>
            </tr>
          </thead>
          <tbody>
            {(['teacher', 'student'] as const).map((role) => {
              const file = role === 'teacher' ? teacher : student
              return (
                file && (
                  <tr key={role}>
                    <th scope="row">{role}</th>
                    <td className="mono">{file.name}</td>
                    <td className="num">{formatBytes(file.bytes)}</td>
                    <td>{describe(file)}</td>
                    <td>
                      <input
                        className="field"
                        aria-label={`Run name of the ${role}`}
                        required
                        maxLength={120}
                        value={names[role]}
                        onChange={(event) => setChosen({ ...chosen, [role]: event.target.value })}
                      />
                    </td>
                  </tr>
                )
              )
            })}
            {roles.config !== null && (
              <tr>
                <th scope="row">config</th>
                <td className="mono">{files[roles.config]?.name}</td>
                <td className="num">{formatBytes(files[roles.config]?.bytes)}</td>
                <td>for files that do not say it themselves</td>
                <td />
              </tr>
            )}
          </tbody>
        </table>
      </div>
      {[teacher, student].map((file) => file && <WeightsOnly key={file.name} file={file} />)}
      <label>
        <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.target.checked)} />
        Keep the weights ({formatBytes(bytes)}){unrun ? '' : ', so that Sample can run'}
        {!small && ` (off because a file is larger than ${formatBytes(keepWeightsBelow)})`}
      </label>
      {alike && (
        <p className="worse" role="alert">
          ◆ Teacher and student are two runs: give them two names.
        </p>
      )}
      <div className="chips">
        <button type="submit" className="button solid" disabled={alike || nameless}>
          {student ? 'Diagnose and store' : 'Store as a teacher'}
        </button>
        {student?.kind === 'checkpoint' && student.binarized === 0 && (
          <button type="button" className="button" onClick={onSwap}>
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

const at = (files: readonly FoundFile[], index: number | null): FoundFile | null =>
  index === null ? null : (files[index] ?? null)

/** Why a network is not run here, and its layers, which are known before any weight is read. */
function WeightsOnly({ file }: { file: FoundFile }) {
  if (file.kind !== 'checkpoint' || file.unrun === null) return null
  return (
    <details className="found-layers">
      <summary>
        {file.name}: weights only, because {file.unrun}. {file.layers.length} layers
      </summary>
      <ul className="mono small">
        {file.layers.map(({ id, shape }) => (
          <li key={id}>
            {id} <span className="soft">{shape.join('×')}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}

/** What the file calls its run, else its name without ending. */
function proposedName(file: FoundFile | null): string {
  if (!file) return ''
  const own = file.kind === 'checkpoint' ? file.run : null
  return (own ?? file.name.replace(/(?<=.)\.(safetensors|ckpt|pth|pt|bin|zip)$/i, '')).slice(0, 120)
}

function describe(file: FoundFile): string {
  if (file.kind !== 'checkpoint') return ''
  const values = `${file.unrun === null ? '' : `${file.layers.length} layers, `}${formatLarge(file.values)} values in ${file.tensors} tensors`
  return file.binarized > 0 ? `${file.binarized} binarized layers, ${values}` : `full precision, ${values}`
}
