'use client'

import Link from 'next/link'
import type { KeyboardEvent, ReactNode } from 'react'
import type { Layer } from '../../lib/record/run'
import type { ColourScale } from './colour'
import { setHover, useHover, useHoverEnd } from './hover'
import { isMeasured } from './series'
import { unetLayout } from './unet-layout'

export type UNetPlaceProps = {
  layers: Layer[]
  /** Layer id -> value; null or absent stays empty. */
  values: Record<string, number | null>
  scale: ColourScale
  selected: string
  /** What it shows, in words. */
  label: string
  /** Where the other layers are; absent where nothing can be opened. */
  hrefOf?: (id: string) => string
  width?: number
}

/** Room around a square that belongs to it for the pointer. */
const gap = 3

/** Width the network is laid out in before it is made small. */
const drawnWidth = 620

/** The whole network in small, to say where one layer stands and to go to others: one tab stop, arrows move through the layers. */
export function UNetPlace({ layers, values, scale, selected, label, hrefOf, width = 260 }: UNetPlaceProps) {
  useHoverEnd()
  const layout = unetLayout(layers, drawnWidth)
  const { side } = layout
  const squares = layout.nodes.flatMap((node) => node.squares)
  const own = squares.find((square) => square.layer.id === selected)
  return (
    <svg
      role={hrefOf ? 'group' : 'img'}
      aria-label={label}
      onKeyDown={moveFocus}
      viewBox={`0 0 ${layout.width} ${layout.height}`}
      style={{ display: 'block', width, maxWidth: '100%', height: 'auto' }}
    >
      {layout.edges.map(([from, to]) => (
        <line
          key={to.key}
          x1={from.x + from.width}
          y1={from.y + from.height / 2}
          x2={to.x}
          y2={to.y + to.height / 2}
          style={{ stroke: 'var(--line2)' }}
        />
      ))}
      {layout.nodes.map((node) => (
        <rect
          key={node.key}
          x={node.x}
          y={node.y}
          width={node.width}
          height={node.height}
          rx={3}
          style={{ fill: 'var(--surface)', stroke: 'var(--line2)' }}
        />
      ))}
      {squares.map(({ layer, x, y }) => {
        const value = values[layer.id]
        const square = (
          <rect
            x={x}
            y={y}
            width={side}
            height={side}
            style={
              isMeasured(value)
                ? { fill: scale.css(value), stroke: 'var(--line)' }
                : { fill: 'var(--surface)', stroke: 'var(--line2)' }
            }
          />
        )
        const { id } = layer
        return (
          <PlaceLink key={id} id={id} href={hrefOf?.(id)} here={id === selected}>
            {hrefOf && (
              <rect
                x={x - gap}
                y={y - gap}
                width={side + 2 * gap}
                height={side + 2 * gap}
                fill="transparent"
              />
            )}
            {square}
            <HoveredSquare id={id} x={x} y={y} side={side} />
          </PlaceLink>
        )
      })}
      {own && (
        <rect
          x={own.x - 3}
          y={own.y - 3}
          width={side + 6}
          height={side + 6}
          rx={3}
          fill="none"
          strokeWidth={5}
          style={{ stroke: 'var(--ink)' }}
        />
      )}
    </svg>
  )
}

type PlaceLinkProps = { id: string; href: string | undefined; here: boolean; children: ReactNode }

function PlaceLink({ id, href, here, children }: PlaceLinkProps) {
  if (href === undefined) return <g>{children}</g>
  return (
    <Link
      href={href}
      prefetch={false}
      aria-label={id}
      aria-current={here ? 'page' : undefined}
      tabIndex={here ? 0 : -1}
      onPointerEnter={() => setHover({ layer: id })}
      onPointerLeave={() => setHover()}
      onFocus={() => setHover({ layer: id })}
      onBlur={() => setHover()}
    >
      <title>{id}</title>
      {children}
    </Link>
  )
}

function HoveredSquare({ id, x, y, side }: { id: string; x: number; y: number; side: number }) {
  const hovered = useHover(({ layer }) => layer === id)
  return (
    hovered && (
      <rect
        x={x - 2}
        y={y - 2}
        width={side + 4}
        height={side + 4}
        rx={2}
        fill="none"
        strokeWidth={3}
        pointerEvents="none"
        style={{ stroke: 'var(--ink2)' }}
      />
    )
  )
}

/** Arrows move the focus to the layer before or after, in order of the forward pass. */
function moveFocus(event: KeyboardEvent<SVGSVGElement>): void {
  const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key]
  const links = [...event.currentTarget.querySelectorAll<SVGAElement>('a')]
  const at = links.indexOf(event.target as SVGAElement)
  if (!by || at < 0) return
  event.preventDefault()
  event.stopPropagation()
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus()
}
