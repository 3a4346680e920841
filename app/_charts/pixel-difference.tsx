'use client'

import { rgb } from 'd3'
import { useEffect, useRef } from 'react'
import { differenceScale, type Theme } from './colour'
import { paintOn } from './paintings'
import { useTheme } from './use-theme'

/** Pixel values as the networks see them run from −1 to 1; blue is darker than the reference, orange brighter. */
export const pixelDifferenceScale = differenceScale(
  1,
  { label: 'difference', direction: 'brighter', openEnded: true },
  false,
)

/** b − a per pixel in units of −1..1 (mean over channels), from bytes HWC. */
export function pixelDifferences(a: Uint8Array, b: Uint8Array, channels: number): number[] {
  const n = Math.floor(Math.min(a.length, b.length) / channels)
  return Array.from({ length: n }, (_, i) => {
    let sum = 0
    for (let c = 0; c < channels; c++) sum += b[i * channels + c]! - a[i * channels + c]!
    return sum / channels / 127.5
  })
}

/** RGBA bytes of signed differences. */
export function differencePixels(differences: readonly number[], theme: Theme): Uint8ClampedArray {
  const out = new Uint8ClampedArray(differences.length * 4)
  differences.forEach((d, i) => {
    const { r, g, b } = rgb(pixelDifferenceScale.at(d, theme))
    out.set([r, g, b, 255], i * 4)
  })
  return out
}

/** The signed difference of two images as a picture. */
export function PixelDifference(props: {
  a: Uint8Array
  b: Uint8Array
  width: number
  height: number
  channels: number
  label: string
}) {
  const { a, b, width, height, channels } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  const theme = useTheme()
  useEffect(() => {
    const differences = pixelDifferences(a, b, channels)
    paintOn(canvas.current, theme, (context, as) => {
      const image = context.createImageData(width, height)
      image.data.set(differencePixels(differences, as))
      context.putImageData(image, 0, 0)
    })
  }, [a, b, width, height, channels, theme])
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label={props.label}
      className="pixels"
      style={{ width: '100%', aspectRatio: `${width} / ${height}` }}
    />
  )
}
