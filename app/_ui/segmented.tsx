'use client'

import type { KeyboardEvent } from 'react'

export type SegmentedProps<Value extends string> = {
  /** Name of the choice for screen readers. */
  label: string
  options: readonly { value: Value; label: string; disabled?: boolean; title?: string }[]
  /** null: none of them, or several at once. */
  value: Value | null
  onChange: (value: Value) => void
}

/** A few choices side by side; one tab stop, arrows move. */
export function Segmented<Value extends string>({ label, options, value, onChange }: SegmentedProps<Value>) {
  function handleKey(event: KeyboardEvent<HTMLDivElement>) {
    const move = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (!move) return
    event.preventDefault()
    event.stopPropagation()
    const usable = options.filter((o) => !o.disabled)
    const at = usable.findIndex((o) => o.value === value)
    const next = usable[(at + move + usable.length) % usable.length]
    if (!next) return
    onChange(next.value)
    const buttons = event.currentTarget.querySelectorAll('button')
    buttons[options.indexOf(next)]?.focus()
  }
  const chosen = options.some((o) => o.value === value)
  return (
    <div className="segments" role="radiogroup" aria-label={label} onKeyDown={handleKey}>
      {options.map((option, i) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio input cannot be drawn as a segment
        <button
          key={option.value}
          type="button"
          role="radio"
          aria-checked={option.value === value}
          tabIndex={option.value === value || (!chosen && i === 0) ? 0 : -1}
          disabled={option.disabled}
          title={option.title}
          onClick={() => onChange(option.value)}
        >
          {option.label}
        </button>
      ))}
    </div>
  )
}
