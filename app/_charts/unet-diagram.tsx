'use client'

import { type KeyboardEvent, type MouseEvent, memo, type ReactNode, useId, useMemo, useState } from 'react'
import type { Layer } from '../../lib/record/run'
import { ChartFrame } from './chart-frame'
import type { ColourScale } from './colour'
import { HatchPattern } from './hatch'
import { setHover, useHover, useHoverEnd } from './hover'
import { isMeasured } from './series'
import { nearestSquare, type UNetLayout, type UNetNode, unetLayout } from './unet-layout'
import { useWidth } from './use-width'

export type UNetDiagramProps = {
  title: ReactNode
  caption?: ReactNode
  message: string
  fileName: string
  /** All layers in order of the forward pass. */
  layers: Layer[]
  /** Layer id -> value of the metric; null or absent is hatched. */
  values: Record<string, number | null>
  scale: ColourScale
  format?: (value: number) => string
  selected?: string | null
  onSelect?: (id: string) => void
  onOpen?: (id: string) => void
  /** Draws a square itself (e.g. precision switches); x, y, side in px. */
  square?: (layer: Layer, x: number, y: number, side: number) => ReactNode
  width?: number
  level?: 2 | 3
  tools?: ReactNode
  /** Below the picture: legend, the selected layer's numbers. */
  children?: ReactNode
}

/** The network drawn from its layer list: one square per layer, coloured by a metric; skips are curves. */
export function UNetDiagram(props: UNetDiagramProps) {
  const { layers, values, scale, selected, onSelect, onOpen } = props
  const [ref, width] = useWidth(640, props.width)
  const [hover, setOwnHover] = useState<string | null>(null)
  useHoverEnd()
  const moveHover = (layer: string | null) => {
    setOwnHover(layer)
    setHover({ layer })
  }
  const hatch = useId()
  const layout = useMemo(() => unetLayout(layers, width), [layers, width])
  const order = layout.nodes.flatMap((node) => node.squares.map((s) => s.layer.id))
  const hoverSquare = layout.nodes.flatMap((n) => n.squares).find((s) => s.layer.id === hover)

  function squareAt(event: MouseEvent<SVGSVGElement>) {
    const box = event.currentTarget.getBoundingClientRect()
    return nearestSquare(layout, event.clientX - box.left, event.clientY - box.top)
  }
  function handleKey(event: KeyboardEvent): boolean {
    if (event.key === 'Enter' && selected && onOpen) {
      onOpen(selected)
      return true
    }
    const move = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key]
    if (!move || !onSelect || order.length === 0) return false
    const at = selected ? order.indexOf(selected) + move : 0
    onSelect(order[Math.min(order.length - 1, Math.max(0, at))]!)
    return true
  }

  return (
    <ChartFrame
      {...props}
      table={{
        columns: ['layer', scale.label],
        rows: layers.map((layer) => [layer.id, values[layer.id] ?? null]),
      }}
      onKey={onSelect && handleKey}
      opens={Boolean(onOpen)}
    >
      <div ref={ref}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the frame around it carries the name */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the frame or table around it handles the keys */}
        <svg
          width={width}
          height={layout.height}
          style={{ cursor: onSelect ? 'pointer' : undefined, touchAction: 'pan-y' }}
          onMouseMove={(event) => moveHover(squareAt(event)?.layer.id ?? null)}
          onMouseLeave={() => moveHover(null)}
          onClick={(event) => {
            const square = squareAt(event)
            if (square) onSelect?.(square.layer.id)
          }}
          onDoubleClick={(event) => {
            const square = squareAt(event)
            if (square) onOpen?.(square.layer.id)
          }}
        >
          <defs>
            <HatchPattern id={hatch} />
          </defs>
          <Network layout={layout} values={values} scale={scale} hatch={hatch} square={props.square} />
          <HoveredFrame layout={layout} />
          {selected && <Frame layout={layout} id={selected} />}
        </svg>
        {hoverSquare && (
          <div
            className="tooltip floating"
            style={{
              top: hoverSquare.y + layout.side + 8,
              ...(hoverSquare.x > width / 2
                ? { right: width - hoverSquare.x - 16 }
                : { left: hoverSquare.x }),
            }}
          >
            <b className="mono">{hoverSquare.layer.id}</b>
            <dl>
              <dt className="soft">{scale.label}</dt>
              <dd>
                {isMeasured(values[hoverSquare.layer.id])
                  ? (props.format ?? String)(values[hoverSquare.layer.id]!)
                  : 'not measured'}
              </dd>
            </dl>
          </div>
        )}
        {props.children}
      </div>
    </ChartFrame>
  )
}

/** All that does not change with the pointer: of a thousand layers it takes longer than a frame. */
const Network = memo(function Network({
  layout,
  values,
  scale,
  hatch,
  square: drawSquare,
}: Pick<UNetDiagramProps, 'values' | 'scale' | 'square'> & { layout: UNetLayout; hatch: string }) {
  return (
    <>
      <g fill="none" style={{ stroke: 'var(--line2)' }}>
        {layout.skips.map((skip) => (
          <path key={skip.to.key} d={skipPath(skip.from, skip.to, skip.over)} />
        ))}
        {layout.edges.map(([from, to]) => (
          <path key={to.key} d={edgePath(from, to)} strokeWidth={1.4} />
        ))}
      </g>
      {layout.nodes.map((node) => (
        <g key={node.key}>
          <rect
            x={node.x}
            y={node.y}
            width={node.width}
            height={node.height}
            rx={3}
            style={{ fill: 'var(--surface)', stroke: 'var(--line2)' }}
          />
          {node.squares.map((square) => {
            const value = values[square.layer.id]
            if (drawSquare)
              return <g key={square.layer.id}>{drawSquare(square.layer, square.x, square.y, layout.side)}</g>
            return (
              <rect
                key={square.layer.id}
                x={square.x}
                y={square.y}
                width={layout.side}
                height={layout.side}
                style={
                  isMeasured(value)
                    ? { fill: scale.css(value), stroke: 'var(--line)' }
                    : { fill: `url(#${hatch})`, stroke: 'var(--line2)' }
                }
              />
            )
          })}
        </g>
      ))}
      {layout.labels.map((label) => (
        <text key={label.text} x={label.x} y={label.y} textAnchor={label.anchor} className="halo">
          {label.text}
        </text>
      ))}
    </>
  )
})

/** The layer hovered anywhere on the page. */
function HoveredFrame({ layout }: { layout: UNetLayout }) {
  const layer = useHover((now) => now.layer)
  return layer !== null && <Frame layout={layout} id={layer} quiet />
}

/** Selection is ink with a halo of the ground, so that it survives on any colour. */
function Frame({ layout, id, quiet = false }: { layout: UNetLayout; id: string; quiet?: boolean }) {
  const square = layout.nodes.flatMap((node) => node.squares).find((s) => s.layer.id === id)
  if (!square) return null
  const box = { x: square.x - 1, y: square.y - 1, width: layout.side + 2, height: layout.side + 2, rx: 2 }
  return (
    <g fill="none" pointerEvents="none" data-hovered={quiet ? id : undefined}>
      {!quiet && <rect {...box} style={{ stroke: 'var(--surface)', strokeWidth: 5 }} />}
      <rect {...box} style={{ stroke: 'var(--ink)', strokeWidth: quiet ? 1 : 2.5 }} />
    </g>
  )
}

const middle = (node: UNetNode) => node.y + node.height / 2

/** From the right side of one box to the left side of the next; falls and rises are curves. */
function edgePath(from: UNetNode, to: UNetNode): string {
  const [x1, y1, x2, y2] = [from.x + from.width, middle(from), to.x, middle(to)]
  const bend = (x1 + x2) / 2
  return y1 === y2 ? `M${x1},${y1}H${x2}` : `M${x1},${y1}C${bend},${y1} ${bend},${y2} ${x2},${y2}`
}

/** Up from one box, over, and down on the other. */
function skipPath(from: UNetNode, to: UNetNode, over: number): string {
  const [x1, x2] = [from.x + from.width / 2, to.x + to.width / 2]
  const r = Math.min(10, Math.abs(x2 - x1) / 2, from.y - over)
  return `M${x1},${from.y}V${over + r}Q${x1},${over} ${x1 + r},${over}H${x2 - r}Q${x2},${over} ${x2},${over + r}V${to.y}`
}
