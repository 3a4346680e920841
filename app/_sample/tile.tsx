'use client'

import { memo, useEffect, useRef } from 'react'
import { useTheme } from '../_charts/use-theme'
import { paintDifference, paintPicture, pictureOf } from './picture'
import { imageOf, type Shown, type Trace } from './trace'

/** Which picture of a trace: step, image, predicted x_0 or state x_t. */
export type PictureAt = { index: number; image: number; shown: Shown }

type TileProps = PictureAt & { trace: Trace; against?: Trace }

const picture = (trace: Trace, { index, image, shown }: PictureAt) => {
  const values = trace.steps[index]?.[shown]
  if (!values || !trace.shape) return null
  return pictureOf(imageOf(values, trace.shape[0], image), trace.shape, trace.pixelUnshuffle)
}

/**
 * One small picture on a canvas of its own: of `trace`, or with `against` the difference trace - against. Grey until
 * its step is done. Painted again only when its values or the theme change.
 */
export function Tile({ trace, against, index, image, shown }: TileProps) {
  return (
    <PaintedTile
      trace={trace}
      against={against}
      index={index}
      image={image}
      shown={shown}
      values={trace.steps[index]?.[shown]}
      reference={against?.steps[index]?.[shown]}
    />
  )
}

type PaintedProps = TileProps & { values?: Float32Array; reference?: Float32Array }

const PaintedTile = memo(
  function PaintedTile({ trace, against, index, image, shown }: PaintedProps) {
    const canvas = useRef<HTMLCanvasElement>(null)
    const theme = useTheme()
    const [, , h = 1, w = 1] = trace.shape ?? []
    const r = trace.pixelUnshuffle
    useEffect(() => {
      const context = canvas.current?.getContext('2d')
      if (!context || !canvas.current) return
      const own = picture(trace, { index, image, shown })
      const other = against && picture(against, { index, image, shown })
      if (!own || other === null) {
        context.clearRect(0, 0, canvas.current.width, canvas.current.height)
        return
      }
      const data = context.createImageData(own.width, own.height)
      if (other) paintDifference(other, own, theme, data.data)
      else paintPicture(own, data.data)
      context.putImageData(data, 0, 0)
    }, [trace, against, index, image, shown, theme])
    return <canvas ref={canvas} width={w * r} height={h * r} className="tile" aria-hidden />
  },
  // Traces grow with every step; a tile only looks at one of them.
  (a, b) =>
    a.values === b.values &&
    a.reference === b.reference &&
    a.image === b.image &&
    a.trace.shape === b.trace.shape,
)
