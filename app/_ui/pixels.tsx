'use client'

import { useEffect, useRef } from 'react'

export type PixelsProps = {
  /** Base64 or bytes, 0-255, HWC. */
  pixels: string | Uint8Array | Uint8ClampedArray
  width: number
  height: number
  channels: 1 | 3
  /** What the picture shows. */
  label: string
  /** Width on the page, px or a CSS length. */
  size?: number | string
}

/** One small image, pixel by pixel. */
export function Pixels({ pixels, width, height, channels, label, size = 28 }: PixelsProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const context = canvas.current?.getContext('2d')
    if (!context) return
    // here, as the server draws nothing
    const bytes = typeof pixels === 'string' ? bytesOf(pixels) : pixels
    const image = context.createImageData(width, height)
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = bytes[i * channels + (channels === 3 ? c : 0)] ?? 0
      image.data[4 * i + 3] = 255
    }
    context.putImageData(image, 0, 0)
  }, [pixels, width, height, channels])
  return (
    <canvas
      ref={canvas}
      width={width}
      height={height}
      role="img"
      aria-label={label}
      className="pixels"
      style={{ width: size, aspectRatio: `${width} / ${height}` }}
    />
  )
}

/** Base64 to bytes. */
export function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
}
