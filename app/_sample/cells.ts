'use client'

/**
 * Many small pictures on one canvas. Only cells whose values changed are painted again, and painting stops after some
 * milliseconds to go on in the next task, so that the page stays free while networks deliver step after step.
 */
import { type RefObject, useEffect, useRef } from 'react'
import type { Theme } from '../_charts/colour'
import { useTheme } from '../_charts/use-theme'
import { paintDifference, paintPicture, pictureOf } from './picture'
import { imageOf, type Shown, type Trace } from './trace'

/** One picture: image `image` of `trace` at step `index`; with `against` the difference trace - against. */
export type PictureAt = { trace: Trace; against?: Trace; index: number; image: number; shown: Shown }

/** Where it stands on the canvas, px of the canvas. */
export type Cell = PictureAt & { x: number; y: number; width: number; height: number }

/** A task paints for about this long, ms. */
const slice = 12

/** Two equal signatures paint the same pixels. */
type Signature = readonly unknown[]

const signatureOf = ({ trace, against, index, image, shown, x, y, width, height }: Cell): Signature => [
  trace.steps[index]?.[shown],
  against?.steps[index]?.[shown],
  image,
  x,
  y,
  width,
  height,
]

const same = (a: Signature | undefined, b: Signature): boolean =>
  a?.every((part, i) => part === b[i]) ?? false

/** Keeps the canvas showing `cells`; a cell without its step yet is clear. */
export function useCells(
  canvas: RefObject<HTMLCanvasElement | null>,
  cells: readonly Cell[],
  width: number,
  height: number,
): void {
  const theme = useTheme()
  const painted = useRef<{ frame: string; signatures: Signature[] }>({ frame: '', signatures: [] })
  useEffect(() => {
    const element = canvas.current
    const context = element?.getContext('2d')
    if (!element || !context) return
    const frame = [width, height, theme, cells.length].join()
    if (painted.current.frame !== frame) {
      // Setting a size clears the canvas.
      element.width = width
      element.height = height
      context.imageSmoothingEnabled = false
      painted.current = { frame, signatures: [] }
    }
    const { signatures } = painted.current
    const waiting = cells.flatMap((cell, i) => (same(signatures[i], signatureOf(cell)) ? [] : [i]))
    let timer: ReturnType<typeof setTimeout> | undefined
    const work = () => {
      const until = performance.now() + slice
      while (waiting.length > 0 && performance.now() < until) {
        const i = waiting.shift()!
        paintCell(context, cells[i]!, theme)
        signatures[i] = signatureOf(cells[i]!)
      }
      if (waiting.length > 0) timer = setTimeout(work)
    }
    work()
    return () => clearTimeout(timer)
  }, [canvas, cells, width, height, theme])
}

let scratch: HTMLCanvasElement | null = null

function paintCell(context: CanvasRenderingContext2D, cell: Cell, theme: Theme): void {
  const { x, y, width, height, trace, against } = cell
  const own = picture(trace, cell)
  const other = against && picture(against, cell)
  context.clearRect(x, y, width, height)
  if (!own || other === null) return
  scratch ??= document.createElement('canvas')
  if (scratch.width !== own.width || scratch.height !== own.height) {
    scratch.width = own.width
    scratch.height = own.height
  }
  const pixels = scratch.getContext('2d', { willReadFrequently: true })
  if (!pixels) return
  const data = pixels.createImageData(own.width, own.height)
  if (other) paintDifference(other, own, theme, data.data)
  else paintPicture(own, data.data)
  pixels.putImageData(data, 0, 0)
  context.drawImage(scratch, x, y, width, height)
}

function picture(trace: Trace, { index, image, shown }: PictureAt) {
  const values = trace.steps[index]?.[shown]
  if (!values || !trace.shape) return null
  return pictureOf(imageOf(values, trace.shape[0], image), trace.shape, trace.pixelUnshuffle)
}
