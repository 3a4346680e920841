'use client'

import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { type PlaySpeed, playSpeeds } from '../../lib/record/view'
import { AxisBottom, GridY } from '../_charts/axis'
import { metricScales } from '../_charts/colour'
import { HatchPattern } from '../_charts/hatch'
import { columnEdges } from '../_charts/heat-map'
import { isMeasured } from '../_charts/series'
import { useWidth } from '../_charts/use-width'
import { formatDb } from '../_ui/format'
import { type Cell, useCells } from './cells'
import { type Frame, filmFrames, stepAt } from './film'
import type { Shown, Trace } from './trace'

type FilmStripProps = {
  teacher: Trace
  student: Trace | null
  timesteps: readonly number[]
  image: number
  shown: Shown
  /** SQNR of this image, and of all images, at the steps done; dB. */
  sqnr: { image: readonly (number | null)[]; all: readonly (number | null)[] }
  /** Step shown. */
  at: number
  onMove: (index: number) => void
  /** Where the states part, with its rule. */
  note: { t: number; label: string } | null
  playing: boolean
  onPlay: () => void
  /** In times of the usual. */
  speed: PlaySpeed
  onSpeed: (speed: PlaySpeed) => void
}

const rightMargin = 14
const barsHeight = 96
const barsTop = 22
const gap = 8

/** The selected image from noise to picture, its SQNR, and the scrubber: four rows on one t axis. */
export function FilmStrip(props: FilmStripProps) {
  const { teacher, student, timesteps, image, shown, at, onMove } = props
  const [ref, outer] = useWidth(960)
  const labelWidth = outer < 560 ? 72 : 104
  const width = Math.max(120, outer - labelWidth - rightMargin)
  const size = width < 480 ? 34 : 56
  const frames = useMemo(() => filmFrames(timesteps, width, size, gap), [timesteps, width, size])
  const x = (t: number) => (1 - t / 1000) * width
  const t = timesteps[at]
  const symbol = shown === 'x0' ? 'x̂0' : 'x_t'
  const row = { frames, size, width, image, shown }

  return (
    <div ref={ref} className="film" style={{ gridTemplateColumns: `${labelWidth}px ${width}px` }}>
      <FilmRow {...row} name={`teacher ${symbol}`} trace={teacher} />
      {student && (
        <>
          <FilmRow {...row} name={`student ${symbol}`} trace={student} />
          <FilmRow {...row} name="difference" trace={student} against={teacher} />
          <span className="small sqnr-label">
            SQNR
            <br />
            of {symbol}, dB
            <br />
            <span className="soft">higher ↑</span>
          </span>
          <SqnrBars {...props} width={width} />
        </>
      )}
      <div className="play">
        <button
          type="button"
          className="button"
          aria-label={props.playing ? 'Stop' : 'Play'}
          onClick={props.onPlay}
        >
          {props.playing ? '■' : '▶'}
        </button>
        <select
          className="number-field"
          aria-label="Speed of playing"
          value={props.speed}
          onChange={(event) => props.onSpeed(Number(event.target.value) as PlaySpeed)}
        >
          {playSpeeds.map((speed) => (
            <option key={speed} value={speed}>
              {speed}×
            </option>
          ))}
        </select>
      </div>
      <Scrubber timesteps={timesteps} at={at} onMove={onMove} width={width} />
      {t !== undefined && (
        <svg className="film-line" width={width} height="100%" aria-hidden style={{ left: labelWidth }}>
          <line className="crosshair-halo" x1={x(t)} x2={x(t)} y2="100%" />
          <line className="crosshair" x1={x(t)} x2={x(t)} y2="100%" />
        </svg>
      )}
    </div>
  )
}

type FilmRowProps = {
  name: string
  frames: readonly Frame[]
  size: number
  width: number
  trace: Trace
  against?: Trace
  image: number
  shown: Shown
}

/** The frames of one network, on one canvas. */
function FilmRow({ name, frames, size, width, trace, against, image, shown }: FilmRowProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const density = useDensity()
  const cells = useMemo(
    () =>
      frames.map((frame): Cell => {
        const box = {
          x: Math.round(frame.x * density),
          y: 0,
          width: Math.round(size * density),
          height: Math.round(size * density),
        }
        return { ...box, trace, against, image, shown, index: frame.index }
      }),
    [frames, size, density, trace, against, image, shown],
  )
  useCells(canvas, cells, Math.round(width * density), Math.round(size * density))
  return (
    <>
      <span className="small">{name}</span>
      <div className="film-row" style={{ width, height: size }}>
        {frames.map((frame) => (
          <span key={frame.index} style={{ left: frame.x, width: size, height: size }} />
        ))}
        <canvas ref={canvas} style={{ width, height: size }} aria-hidden />
      </div>
    </>
  )
}

/** Device pixels per CSS pixel, known once the page runs. */
function useDensity(): number {
  const [density, setDensity] = useState(1)
  useEffect(() => setDensity(Math.min(3, window.devicePixelRatio || 1)), [])
  return density
}

const barColours = new Map<string, string>()

/** Colour of an SQNR; interpolating in Lab for every bar at every step would take longer than drawing them. */
function barColour(v: number): string {
  const key = v.toFixed(1)
  const known = barColours.get(key)
  if (known) return known
  const colour = metricScales.sqnr.css(v)
  barColours.set(key, colour)
  return colour
}

/** Bars of one image, a line for all of them; from 0, clamped to the domain every SQNR map has. */
function SqnrBars({ timesteps, sqnr, note, at, onMove, width }: FilmStripProps & { width: number }) {
  const [, top] = metricScales.sqnr.domain
  const lowest = Math.min(0, ...[...sqnr.image, ...sqnr.all].filter(isMeasured))
  const bottom = Math.max(-10, 5 * Math.floor(lowest / 5))
  const height = barsTop + barsHeight
  const y = (v: number) => barsTop + ((top - clamp(v)) / (top - bottom)) * barsHeight
  const clamp = (v: number) => Math.min(top, Math.max(bottom, v))
  const edges = columnEdges(timesteps, width)
  const x = (t: number) => (1 - t / 1000) * width
  const middle = (i: number) => (edges[i]! + edges[i + 1]!) / 2
  const line = sqnr.all.flatMap((v, i) =>
    isMeasured(v) ? [`${middle(i).toFixed(1)},${y(v).toFixed(1)}`] : [],
  )

  const pick = (event: PointerEvent<SVGSVGElement>) =>
    onMove(stepAt(event.clientX - event.currentTarget.getBoundingClientRect().left, timesteps, width))

  return (
    <div className="plot">
      <svg
        width={width}
        height={height + 4}
        role="img"
        aria-label={`SQNR of the student at ${sqnr.image.length} of ${timesteps.length} steps; ${formatDb(sqnr.image[at])} at the step shown`}
        onPointerDown={pick}
        style={{ cursor: 'crosshair' }}
      >
        <defs>
          <HatchPattern id="sample-hatch" />
        </defs>
        <GridY
          scale={y}
          ticks={bottom <= -10 ? [-10, 0, 10, 20, 30] : [0, 10, 20, 30]}
          x={0}
          width={width}
          format={(v) => (v === top ? `${v}+` : String(v).replace('-', '−'))}
        />
        {sqnr.image.map((v, i) => {
          const box = { x: edges[i]! + 0.5, width: Math.max(1, edges[i + 1]! - edges[i]! - 1) }
          if (!isMeasured(v))
            return <rect key={i} {...box} y={barsTop} height={barsHeight} fill="url(#sample-hatch)" />
          const [from, to] = [y(Math.max(0, v)), y(Math.min(0, v))]
          return (
            <rect
              key={i}
              {...box}
              y={from}
              height={Math.max(1, to - from)}
              style={{ fill: barColour(v), stroke: 'var(--line2)', strokeWidth: 0.5 }}
            />
          )
        })}
        <line className="axis-line" x2={width} y1={y(0)} y2={y(0)} />
        <polyline points={line.join(' ')} fill="none" style={{ stroke: 'var(--ink)', strokeWidth: 1.4 }} />
        {note && (
          <>
            <line className="reference-line" x1={x(note.t)} x2={x(note.t)} y1={barsTop - 14} y2={height} />
            <text
              className="halo"
              x={x(note.t) + (note.t > 500 ? 5 : -5)}
              y={barsTop - 6}
              textAnchor={note.t > 500 ? 'start' : 'end'}
            >
              {note.label}
            </text>
          </>
        )}
      </svg>
    </div>
  )
}

type ScrubberProps = Pick<FilmStripProps, 'timesteps' | 'at' | 'onMove'> & { width: number }

/** Chooses the timestep; arrows, Home and End move it. */
function Scrubber({ timesteps, at, onMove, width }: ScrubberProps) {
  const t = timesteps[at]
  const x = t === undefined ? 0 : (1 - t / 1000) * width
  const last = timesteps.length - 1

  function handleKey(event: KeyboardEvent) {
    const to = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: last,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    event.stopPropagation()
    onMove(Math.min(last, Math.max(0, to)))
  }
  const pick = (event: PointerEvent<HTMLDivElement>) =>
    onMove(stepAt(event.clientX - event.currentTarget.getBoundingClientRect().left, timesteps, width))

  return (
    <div
      className="plot scrubber"
      role="slider"
      tabIndex={0}
      aria-label="Timestep"
      aria-valuemin={0}
      aria-valuemax={last}
      aria-valuenow={at}
      aria-valuetext={t === undefined ? 'no step yet' : `t ${t}, step ${at + 1} of ${timesteps.length}`}
      onKeyDown={handleKey}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        pick(event)
      }}
      onPointerMove={(event) => event.buttons === 1 && pick(event)}
    >
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the slider around it carries the name */}
      <svg width={width} height={54}>
        <line x2={width} y1={12} y2={12} strokeWidth={3} style={{ stroke: 'var(--line2)' }} />
        <line x2={x} y1={12} y2={12} strokeWidth={3} style={{ stroke: 'var(--ink)' }} />
        {t !== undefined && <circle cx={x} cy={12} r={7} style={{ fill: 'var(--ink)' }} />}
        <AxisBottom
          scale={(v) => (1 - v / 1000) * width}
          ticks={width < 480 ? [1000, 500, 0] : [1000, 800, 600, 400, 200, 0]}
          y={24}
          from={0}
          to={width}
          ends={['noise', 'image']}
          label={t === undefined ? 'timestep t' : `t ${t}, step ${at + 1} of ${timesteps.length}`}
        />
      </svg>
    </div>
  )
}
