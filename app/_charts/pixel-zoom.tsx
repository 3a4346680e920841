'use client'

import type { KeyboardEvent, MouseEvent, ReactNode } from 'react'
import type { Pixel } from '../../lib/record/view'
import { formatDelta, formatFixed } from '../_ui/format'
import { Pixels } from '../_ui/pixels'
import { CheckpointBadge, type CheckpointLook } from './checkpoint-mark'
import { type PixelSize, pixelAfterKey, pixelValues, pixelWindow, windowPixels } from './pixel-window'

/** The window around a pixel, framed on the picture it is of. */
export function PixelFrame({ size, pixel }: { size: PixelSize; pixel: Pixel }) {
  const window = pixelWindow(size, pixel)
  const percent = (part: number, whole: number) => `${(100 * part) / whole}%`
  return (
    <span
      className="pixel-frame"
      style={{
        left: percent(window.left, size.width),
        top: percent(window.top, size.height),
        width: percent(window.width, size.width),
        height: percent(window.height, size.height),
      }}
    />
  )
}

type PixelPickProps = {
  size: PixelSize
  pixel: Pixel | null
  onPixel: (pixel: Pixel | null) => void
  name: string
  children: ReactNode
}

/** A picture whose pixels can be looked at: a click or an arrow chooses one, Escape none. */
export function PixelPick({ size, pixel, onPixel, name, children }: PixelPickProps) {
  function handleClick(event: MouseEvent<HTMLDivElement>) {
    const box = event.currentTarget.getBoundingClientRect()
    const along = (px: number, length: number, count: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((px / length) * count)))
    onPixel([
      along(event.clientX - box.left, box.width, size.width),
      along(event.clientY - box.top, box.height, size.height),
    ])
  }
  function handleKey(event: KeyboardEvent) {
    const middle: Pixel = [Math.floor(size.width / 2), Math.floor(size.height / 2)]
    const next = event.key === 'Escape' && pixel ? null : pixelAfterKey(size, pixel ?? middle, event.key)
    if (next === null && !(event.key === 'Escape' && pixel)) return
    event.preventDefault()
    event.stopPropagation()
    onPixel(next)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture with a selection in it, not a form
    <div
      className="pixel-pick"
      role="group"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the pixel looked at
      tabIndex={0}
      aria-label={`${name}; ${pixel ? `pixel ${pixel.join(', ')} looked at, Escape ends` : 'no pixel looked at'}, arrow keys move`}
      onClick={handleClick}
      onKeyDown={handleKey}
    >
      {children}
      {pixel && <PixelFrame size={size} pixel={pixel} />}
    </div>
  )
}

type PixelZoomProps = {
  /** The first is what the others' values are compared with. Pixels are bytes, HWC. */
  pictures: (CheckpointLook & { key: string; name: string; pixels: Uint8Array })[]
  size: PixelSize
  channels: 1 | 3
  pixel: Pixel
  onClose: () => void
}

/** The same few pixels of every picture, large, with the value of the one looked at. */
export function PixelZoom({ pictures, size, channels, pixel, onClose }: PixelZoomProps) {
  const window = pixelWindow(size, pixel)
  const [x, y] = pixel
  const first = pictures[0] && pixelValues(pictures[0].pixels, size, channels, pixel)
  return (
    <section className="pixel-zoom" aria-label={`Pixel ${x}, ${y}`}>
      <p className="small soft">
        Pixel {x}, {y} from the upper left, −1 black to 1 white
        {pictures.length > 1 && `; in brackets against ${pictures[0]!.name}`}.{' '}
        <button type="button" className="text-button" onClick={onClose}>
          close
        </button>
      </p>
      <div className="pixel-windows">
        {pictures.map((picture, i) => {
          const values = pixelValues(picture.pixels, size, channels, pixel)
          return (
            <figure key={picture.key}>
              <div className="pixel-window">
                <Pixels
                  width={window.width}
                  height={window.height}
                  channels={channels}
                  pixels={windowPixels(picture.pixels, size, channels, window)}
                  label={`Pixels around ${x}, ${y} of ${picture.name}`}
                  size="100%"
                />
                <span
                  className="pixel-frame"
                  style={{
                    left: `${(100 * (x - window.left)) / window.width}%`,
                    top: `${(100 * (y - window.top)) / window.height}%`,
                    width: `${100 / window.width}%`,
                    height: `${100 / window.height}%`,
                  }}
                />
              </div>
              <figcaption>
                <span className="run-name">
                  <CheckpointBadge look={picture} size={9} />
                  {picture.name}
                </span>
                {values.map((v, c) => (
                  <span key={c}>
                    {formatFixed(v, 2)}
                    {i > 0 && first && <span className="soft"> ({formatDelta(v - first[c]!, 2)})</span>}
                  </span>
                ))}
              </figcaption>
            </figure>
          )
        })}
      </div>
    </section>
  )
}
