'use client'

import { useState } from 'react'
import { formatBytes, formatCount } from '../_ui/format'
import { Choice } from './correction-fields'
import type { StoredTeacher } from './stored-teacher'

type ChooseTeacherProps = {
  /** Name of the student's file. */
  student: string
  /** At least one. */
  teachers: StoredTeacher[]
  onChoose: (teacher: StoredTeacher) => void
  onCancel: () => void
}

/** A student whose teacher is not known: one of those stored here may be taken. */
export function ChooseTeacher({ student, teachers, onChoose, onCancel }: ChooseTeacherProps) {
  const [chosen, setChosen] = useState(0)
  return (
    <form
      className="found-files"
      onSubmit={(event) => {
        event.preventDefault()
        onChoose(teachers[chosen]!)
      }}
    >
      <h2>A student without its teacher</h2>
      <p className="soft">
        <code>{student}</code> is measured against the full-precision network it was made from, which is not
        among the files. {teachers.length === 1 ? 'One stored teacher has' : 'These stored teachers have'} the
        same layers.
      </p>
      <Choice
        label="Stored teacher"
        value={String(chosen)}
        options={teachers.map(({ run, checkpoint: { step, bytes } }, i) => [
          String(i),
          `${run}, step ${formatCount(step)}, ${formatBytes(bytes)}`,
        ])}
        onChange={(value) => setChosen(Number(value))}
      />
      <div className="chips">
        <button type="submit" className="button solid">
          Take this teacher
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </form>
  )
}
