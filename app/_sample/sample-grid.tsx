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
  /** Shows the selected image alone. */
  single: boolean
  onSelect: (image: number) => void
}

/** The images of one network at one step. */
export function SampleGrid(props: SampleGridProps) {
  const { heading, name, trace, against, index, shown, images, selected, single, onSelect } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const side = (trace.shape?.[2] ?? 16) * trace.pixelUnshuffle
  const count = single ? 1 : images
  const { boxes, columns, width, height } = useMemo(() => gridBoxes(count, side), [count, side])
  const first = single ? selected : 0
  const cells = useMemo(
    () => boxes.map((box, i): Cell => ({ ...box, trace, against, index, image: first + i, shown })),
    [boxes, first, trace, against, index, shown],
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
          images={images}
          first={first}
          selected={selected}
          onSelect={onSelect}
        />
      </div>
    </div>
  )
}

type TileButtonsProps = Pick<SampleGridProps, 'name' | 'images' | 'selected' | 'onSelect'> & {
  boxes: readonly Box[]
  /** The image in the first of them. */
  first: number
  columns: number
  width: number
  height: number
}

/** One tab stop; arrows move the selection, as in a list of choices. */
const TileButtons = memo(
  function TileButtons(props: TileButtonsProps) {
    const { name, boxes, images, first, columns, width, height, selected, onSelect } = props
    function handleKey(event: KeyboardEvent<HTMLDivElement>) {
      const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key]
      if (by === undefined) return
      event.preventDefault()
      event.stopPropagation()
      const next = selected + by
      if (next < 0 || next >= images) return
      onSelect(next)
      event.currentTarget.querySelectorAll('button')[next - first]?.focus()
    }
    const percent = (part: number, whole: number) => `${(100 * part) / whole}%`
    return (
      <div role="radiogroup" aria-label={`Images of ${name}`} onKeyDown={handleKey}>
        {boxes
          .map((box, i) => ({ box, image: first + i }))
          .map(({ box, image }) => (
            // biome-ignore lint/a11y/useSemanticElements: a radio input cannot be a picture
            <button
              key={image - first}
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
  (a, b) => a.boxes === b.boxes && a.images === b.images && a.selected === b.selected && a.name === b.name,
)
