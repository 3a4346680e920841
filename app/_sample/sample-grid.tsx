'use client'

import { type KeyboardEvent, memo, type ReactNode, useMemo, useRef } from 'react'
import { type Cell, useCells } from './cells'
import { type Box, gridBoxes } from './grid-boxes'
import type { Shown, Trace } from './trace'

type SampleGridProps = {
  heading: ReactNode
  /** What the pictures are of, for screen readers: "the teacher". */
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

/** All images of one network at one step. */
export function SampleGrid(props: SampleGridProps) {
  const { heading, name, trace, against, index, shown, images, selected, onSelect } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const side = (trace.shape?.[2] ?? 16) * trace.pixelUnshuffle
  const { boxes, columns, width, height } = useMemo(() => gridBoxes(images, side), [images, side])
  const cells = useMemo(
    () => boxes.map((box, image): Cell => ({ ...box, trace, against, index, image, shown })),
    [boxes, trace, against, index, shown],
  )
  useCells(canvas, cells, width, height)
  return (
    <div className="sample-grid">
      <h3>{heading}</h3>
      <div className="tiles" style={{ aspectRatio: `${width} / ${height}` }}>
        <canvas ref={canvas} aria-hidden />
        <TileButtons
          name={name}
          boxes={boxes}
          columns={columns}
          width={width}
          height={height}
          selected={selected}
          onSelect={onSelect}
        />
      </div>
    </div>
  )
}

type TileButtonsProps = Pick<SampleGridProps, 'name' | 'selected' | 'onSelect'> & {
  boxes: readonly Box[]
  columns: number
  width: number
  height: number
}

/** One tab stop; arrows move the selection, as in a list of choices. */
const TileButtons = memo(
  function TileButtons({ name, boxes, columns, width, height, selected, onSelect }: TileButtonsProps) {
    function handleKey(event: KeyboardEvent<HTMLDivElement>) {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key]
      if (by === undefined) return
      event.preventDefault()
      event.stopPropagation()
      const next = selected + by
      if (next < 0 || next >= boxes.length) return
      onSelect(next)
      event.currentTarget.querySelectorAll('button')[next]?.focus()
    }
    const percent = (part: number, whole: number) => `${(100 * part) / whole}%`
    return (
      <div role="radiogroup" aria-label={`Images of ${name}`} onKeyDown={handleKey}>
        {boxes.map((box, image) => (
          // biome-ignore lint/a11y/useSemanticElements: a radio input cannot be a picture
          <button
            key={image}
            type="button"
            role="radio"
            aria-checked={image === selected}
            aria-label={`Image ${image} of ${name}`}
            tabIndex={image === selected ? 0 : -1}
            style={{
              left: percent(box.x, width),
              top: percent(box.y, height),
              width: percent(box.width, width),
              height: percent(box.height, height),
            }}
            onClick={() => onSelect(image)}
          />
        ))}
      </div>
    )
  },
  // Every step renders the grid anew; the buttons only change with the selection.
  (a, b) => a.boxes === b.boxes && a.selected === b.selected && a.name === b.name,
)
