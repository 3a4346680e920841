'use client'

/**
 * What the pointer or the focus is on, the same in every chart of a page: a layer, a timestep, or both. It lives outside React's
 * state, so that a move draws the marks anew and nothing else.
 */
import { type ComponentProps, useEffect, useSyncExternalStore } from 'react'

export type Hover = { layer: string | null; t: number | null }

const nothing: Hover = { layer: null, t: null }
let hover = nothing
const listeners = new Set<() => void>()

/** What is not given is not hovered; without anything, nothing is. */
export function setHover(next: Partial<Hover> = nothing): void {
  const { layer = null, t = null } = next
  if (layer === hover.layer && t === hover.t) return
  hover = { layer, t }
  for (const listen of listeners) listen()
}

function subscribe(listen: () => void): () => void {
  listeners.add(listen)
  return () => listeners.delete(listen)
}

/** What `of` picks out of it; drawn anew only when that changes. */
export function useHover<T>(of: (hover: Hover) => T): T {
  return useSyncExternalStore(
    subscribe,
    () => of(hover),
    () => of(nothing),
  )
}

/** A chart that goes away under the pointer leaves no mark behind. */
export function useHoverEnd(): void {
  useEffect(() => () => setHover(), [])
}

/** The hovered timestep as a thin line from y1 to y2. */
export function HoverTime({ x, y1 = 0, y2 }: { x: (t: number) => number; y1?: number; y2: number }) {
  const t = useHover((now) => now.t)
  return t !== null && <line className="hover-line" x1={x(t)} x2={x(t)} y1={y1} y2={y2} data-t={t} />
}

/** A table row of a layer, marked while the layer is hovered anywhere; the pointer or the focus in it hovers the layer. */
export function HoverRow({ layer, ...props }: ComponentProps<'tr'> & { layer: string }) {
  const hovered = useHover((now) => now.layer === layer)
  return (
    <tr
      {...props}
      data-layer={layer}
      data-hovered={hovered || undefined}
      onPointerOver={() => hover.layer !== layer && setHover({ layer })}
      onPointerLeave={() => setHover()}
      onFocus={() => setHover({ layer })}
      onBlur={() => setHover()}
    />
  )
}
