'use client'

import type { KeyboardEvent, ReactNode } from 'react'
import { Tile } from './tile'
import type { Shown, Trace } from './trace'

type SampleGridProps = {
  heading: ReactNode
  /** What the pictures are of, for screen readers: "Teacher". */
  name: string
  trace: Trace
  /** Shows trace - against. */
  against?: Trace
  index: number
  shown: Shown
  images: number
  selected: number
  onSelect: (image: number) => void
}

/** All images of one network at one step. One tab stop; arrows move the selection, the neighbours follow. */
export function SampleGrid(props: SampleGridProps) {
  const { heading, name, images, selected, onSelect, ...tile } = props
  const columns = Math.ceil(Math.sqrt(images))

  function handleKey(event: KeyboardEvent<HTMLDivElement>) {
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key]
    if (by === undefined) return
    event.preventDefault()
    event.stopPropagation()
    const next = selected + by
    if (next < 0 || next >= images) return
    onSelect(next)
    event.currentTarget.querySelectorAll('button')[next]?.focus()
  }

  return (
    <div className="sample-grid">
      <h3>{heading}</h3>
      <div
        className="tiles"
        role="radiogroup"
        aria-label={`Images of ${name}`}
        style={{ gridTemplateColumns: `repeat(${columns}, 1fr)` }}
        onKeyDown={handleKey}
      >
        {Array.from({ length: images }, (_, image) => (
          // biome-ignore lint/a11y/useSemanticElements: a radio input cannot hold a picture
          <button
            key={image}
            type="button"
            role="radio"
            aria-checked={image === selected}
            aria-label={`Image ${image} of ${name}`}
            tabIndex={image === selected ? 0 : -1}
            onClick={() => onSelect(image)}
          >
            <Tile {...tile} image={image} />
          </button>
        ))}
      </div>
    </div>
  )
}
