'use client'

import { type KeyboardEvent, type PointerEvent, type ReactNode, useState } from 'react'
import { runColour } from './colour'
import { markPath } from './mark'

type Dot = { x: number; y: number }

/** Arrows that move the selected channel: keys of a chart. */
export function channelKeys(channel: number, channels: number, onChannel: (channel: number) => void) {
  return (event: KeyboardEvent): boolean => {
    const move = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key]
    if (!move) return false
    onChannel(Math.min(channels - 1, Math.max(0, channel + move)))
    return true
  }
}

export type ChannelPlaneProps = {
  dots: Dot[]
  slot: number | null
  channel: number
  onChannel?: (channel: number) => void
  describe: (channel: number) => string
  width: number
  height: number
  children: ReactNode
}

/** Dots of all channels over what `children` draws; the nearest to a click is selected, the selected is ink. */
export function ChannelPlane({
  dots,
  slot,
  channel,
  onChannel,
  describe,
  width,
  height,
  children,
}: ChannelPlaneProps) {
  const [hover, setHover] = useState<number | null>(null)
  const mark = markPath(slot, 8)
  const selected = dots[channel]
  const hovered = hover === null ? undefined : dots[hover]
  function nearest(event: PointerEvent<SVGSVGElement>): number | null {
    const box = event.currentTarget.getBoundingClientRect()
    const [px, py] = [event.clientX - box.left, event.clientY - box.top]
    let best: number | null = null
    dots.forEach((dot, i) => {
      const d = (dot.x - px) ** 2 + (dot.y - py) ** 2
      const bestDot = best === null ? null : dots[best]!
      if (!bestDot || d < (bestDot.x - px) ** 2 + (bestDot.y - py) ** 2) best = i
    })
    return best
  }
  return (
    <>
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the frame around it handles the keys */}
      <svg
        width={width}
        height={height}
        style={{ cursor: onChannel ? 'pointer' : undefined, touchAction: 'pan-y' }}
        onPointerMove={(event) => setHover(nearest(event))}
        onPointerLeave={() => setHover(null)}
        onClick={() => hover !== null && onChannel?.(hover)}
      >
        {children}
        {dots.map((dot, i) => (
          <path
            key={i}
            d={mark}
            transform={`translate(${dot.x},${dot.y})`}
            style={{ fill: runColour(slot), stroke: 'var(--surface)', strokeWidth: 0.5 }}
          />
        ))}
        {hovered && hover !== channel && (
          <circle cx={hovered.x} cy={hovered.y} r={7} fill="none" style={{ stroke: 'var(--ink3)' }} />
        )}
        {selected && (
          <g pointerEvents="none">
            <circle
              cx={selected.x}
              cy={selected.y}
              r={5.5}
              strokeWidth={2}
              style={{ fill: 'var(--ink)', stroke: 'var(--surface)' }}
            />
            <text className="strong halo" x={selected.x + 9} y={selected.y + 14}>
              {channel}
            </text>
          </g>
        )}
      </svg>
      {hovered && hover !== null && (
        <div
          className="tooltip floating"
          style={{
            top: hovered.y + 12,
            ...(hovered.x > width / 2 ? { right: width - hovered.x } : { left: hovered.x }),
          }}
        >
          <b>channel {hover}</b>
          <br />
          {describe(hover)}
        </div>
      )}
    </>
  )
}
