/** Pictures on canvases, which know one theme at a time, and what it takes to paint them in the other. */
import type { Theme } from './colour'

type Paint = (context: CanvasRenderingContext2D, theme: Theme) => void

const paintings = new WeakMap<HTMLCanvasElement, Paint>()

/** Paints a canvas in a theme, and remembers how. Does nothing where there is no canvas to paint on. */
export function paintOn(canvas: HTMLCanvasElement | null, theme: Theme, paint: Paint): void {
  const context = canvas?.getContext('2d')
  if (!canvas || !context) return
  paintings.set(canvas, paint)
  context.reset()
  paint(context, theme)
}

/** A canvas as PNG data by theme: two that differ if it was painted with `paintOn`, else what it shows. */
export function picturesOf(canvas: HTMLCanvasElement): Record<Theme, string> {
  const paint = paintings.get(canvas)
  const shown = () => canvas.toDataURL('image/png')
  if (!paint) return { light: shown(), dark: shown() }
  const painted = (theme: Theme) => {
    const copy = document.createElement('canvas')
    copy.width = canvas.width
    copy.height = canvas.height
    const context = copy.getContext('2d')
    if (!context) return shown()
    paint(context, theme)
    return copy.toDataURL('image/png')
  }
  return { light: painted('light'), dark: painted('dark') }
}
