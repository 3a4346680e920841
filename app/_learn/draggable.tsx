'use client'

import type { KeyboardEvent, PointerEvent, ReactNode } from 'react'

type DraggableProps = {
  /** What is moved, and how. */
  label: string
  value: number
  min: number
  max: number
  valueText: string
  width: number
  height: number
  /** Moved sideways only, so that a finger scrolls the page up and down over it. */
  sideways?: boolean
  /** Pointer position in px of the picture; `first` where a drag begins. */
  onPoint: (x: number, y: number, first: boolean) => void
  /** Arrow keys: right and up are +1, with Shift +5. */
  onArrow: (across: number, up: number) => void
  children: ReactNode
}

const arrows: Record<string, [across: number, up: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowDown: [0, -1],
  ArrowUp: [0, 1],
}

/** A picture one can drag in, or move with the arrow keys: one tab stop. */
export function Draggable(props: DraggableProps) {
  const { label, value, min, max, valueText, width, height, sideways, onPoint, onArrow, children } = props

  function handleKey(event: KeyboardEvent) {
    const arrow = arrows[event.key]
    if (!arrow || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    event.stopPropagation()
    const by = event.shiftKey ? 5 : 1
    onArrow(by * arrow[0], by * arrow[1])
  }
  function handlePointer(event: PointerEvent<SVGSVGElement>, first: boolean) {
    const box = event.currentTarget.getBoundingClientRect()
    onPoint(event.clientX - box.left, event.clientY - box.top, first)
  }
  return (
    <div
      className="plot draggable"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={min}
      aria-valuemax={max}
      aria-valuenow={value}
      aria-valuetext={valueText}
      onKeyDown={handleKey}
    >
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the slider around it carries the name */}
      <svg
        width={width}
        height={height}
        style={{ touchAction: sideways ? 'pan-y' : 'none' }}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          handlePointer(event, true)
        }}
        onPointerMove={(event) => event.buttons === 1 && handlePointer(event, false)}
      >
        {children}
      </svg>
    </div>
  )
}

/** A value kept in a range and rounded to hundredths, as a reader can set it. */
export const within = (value: number, low: number, high: number): number =>
  Math.round(100 * Math.min(high, Math.max(low, value))) / 100
