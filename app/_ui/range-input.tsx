'use client'

import { type InputHTMLAttributes, useEffect, useRef } from 'react'

type RangeInputProps = Omit<InputHTMLAttributes<HTMLInputElement>, 'type' | 'value' | 'onChange'> & {
  value: number
  onValue: (value: number) => void
}

/** A slider. Moved before the page's code was there, it tells so once it is. */
export function RangeInput({ value, onValue, ...rest }: RangeInputProps) {
  const ref = useRef<HTMLInputElement>(null)
  const told = useRef(false)
  useEffect(() => {
    if (told.current) return
    told.current = true
    const shown = Number(ref.current?.value ?? value)
    if (shown !== value) onValue(shown)
  }, [value, onValue])
  return (
    <input
      {...rest}
      ref={ref}
      type="range"
      value={value}
      onChange={(event) => onValue(Number(event.target.value))}
    />
  )
}
