'use client'

import { type KeyboardEvent, useEffect, useState } from 'react'

type NumberFieldProps = {
  label: string
  value: number
  min: number
  max: number
  onCommit: (value: number) => void
}

/** A whole number that counts when the reader is done with it: on Enter or when the field is left. */
export function NumberField({ label, value, min, max, onCommit }: NumberFieldProps) {
  const [draft, setDraft] = useState(String(value))
  useEffect(() => setDraft(String(value)), [value])
  function commit() {
    const next = Number(draft)
    if (Number.isInteger(next) && next >= min && next <= max) {
      if (next !== value) onCommit(next)
    } else setDraft(String(value))
  }
  return (
    <input
      className="number-field"
      inputMode="numeric"
      aria-label={label}
      title={`${label}: ${min} to ${max}`}
      size={Math.max(3, draft.length)}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event: KeyboardEvent) => {
        if (event.key === 'Enter') commit()
        if (event.key === 'Escape') setDraft(String(value))
      }}
    />
  )
}
