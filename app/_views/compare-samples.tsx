'use client'

import { type CSSProperties, type KeyboardEvent, type PointerEvent, useMemo } from 'react'
import type { Pixel, ViewParams } from '../../lib/record/view'
import { CheckpointBadge } from '../_charts/checkpoint-mark'
import { ColourLegend } from '../_charts/legend'
import { PixelDifference, pixelDifferenceScale } from '../_charts/pixel-difference'
import type { PixelSize } from '../_charts/pixel-window'
import { PixelFrame, PixelPick, PixelZoom } from '../_charts/pixel-zoom'
import { Card } from '../_ui/card'
import { formatCosine } from '../_ui/format'
import { bytesOf, Pixels } from '../_ui/pixels'
import { RangeInput } from '../_ui/range-input'
import { Empty } from '../_ui/states'
import { shortName } from './compare-names'
import type { Thumbnails } from './load'
import type { CompareViewData } from './load-compare'

type Row = {
  key: string
  name: string
  slot: number | null
  age: number
  samples: Thumbnails
  cosine: number | null
}

export type CompareSamplesProps = {
  data: CompareViewData
  view: Pick<ViewParams, 'i' | 'w' | 'p'>
  onChange: (change: Partial<Pick<ViewParams, 'i' | 'w' | 'p'>>) => void
}

/** Images of the same noise, row under row, and the selected one in a wipe and as a signed difference. */
export function CompareSamples({ data, view, onChange }: CompareSamplesProps) {
  const onImage = (i: number) => onChange({ i })
  const rows = sampleRows(data)
  const compared = rows.filter((row) => row.key !== 'teacher')
  const count = Math.min(...rows.map((row) => row.samples.images.length))
  const selected = Math.min(Math.max(0, view.i), Math.max(0, count - 1))
  const seeds = new Set(rows.map((row) => row.samples.seed))
  const sampling = [...new Set(data.checkpoints.flatMap((c) => c.sampling ?? []))]
  if (rows.length === 0 || compared.length === 0)
    return (
      <Card title="Same noise, same picture?">
        <Empty title="No samples stored">
          <p>Samples are drawn when a checkpoint is imported; the Sample page draws them live.</p>
        </Empty>
      </Card>
    )
  function handleKey(event: KeyboardEvent) {
    const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
    if (!move) return
    event.preventDefault()
    onImage(Math.min(count - 1, Math.max(0, selected + move)))
  }
  const [a, b] = [compared[0]!, compared.at(-1)!]
  const same = sameSize(a.samples, b.samples)
  return (
    <div
      className="columns compare-samples"
      style={
        {
          '--rows-share': rowsShare(rows.length, Math.min(16, count)),
          '--pictures': Math.min(16, count),
        } as CSSProperties
      }
    >
      <Card
        title="Same noise, same picture?"
        caption={`${sampling.join('; ')}. ${count} images; a click opens the picture in the wipe.${
          seeds.size > 1 ? ' △ The seeds differ: these are not the same noise.' : ''
        }`}
      >
        {/* biome-ignore lint/a11y/useSemanticElements: a group of pictures, not a form */}
        <div
          className="compare-rows"
          role="group"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: arrows move the selected picture
          tabIndex={0}
          aria-label={`Samples of ${rows.map((row) => row.name).join(', ')}; picture ${selected} selected, arrow keys move`}
          onKeyDown={handleKey}
        >
          {rows.map((row) => (
            <div key={row.key}>
              <div className="compare-row-head">
                <span className="run-name">
                  <CheckpointBadge look={row} />
                  {row.name}
                </span>
                {row.cosine !== null && (
                  <span className="small soft">cosine with teacher ↑ {formatCosine(row.cosine)}</span>
                )}
              </div>
              <div className="compare-thumbs">
                {row.samples.images.slice(0, count).map((pixels, i) => (
                  <button
                    key={i}
                    type="button"
                    tabIndex={-1}
                    aria-label={`Picture ${i} of ${row.name}`}
                    aria-pressed={i === selected}
                    onClick={() => onImage(i)}
                  >
                    <Pixels
                      {...row.samples}
                      pixels={pixels}
                      label={`Picture ${i} of ${row.name}`}
                      size="100%"
                    />
                  </button>
                ))}
              </div>
            </div>
          ))}
        </div>
      </Card>
      <Card
        title={`Picture ${selected}: wipe and difference`}
        caption={
          compared.length > 1
            ? `Left of the handle ${a.name}, right of it ${b.name}. Orange: brighter in ${b.name}; a click there looks at the pixel.`
            : undefined
        }
      >
        {compared.length > 1 && same ? (
          <WipeAndDifference a={a} b={b} rows={rows} image={selected} view={view} onChange={onChange} />
        ) : (
          <Empty title={same ? 'Only one of them has samples' : 'The pictures have different sizes'}>
            <p>A difference needs two pictures of the same size.</p>
          </Empty>
        )}
      </Card>
    </div>
  )
}

/**
 * Width of the card of rows over that of the wipe, in fr, so that both end together on a page of 1,376 px. Inner
 * widths w and 1280 − w give heights of rows · (w / columns + 27) + 60 and (1280 − w − 16) / 2 + 140 px: pictures are
 * square, the rest is headings and legends. At most 2.6: a narrower wipe cannot be handled. At least 1: the pictures of
 * many rows stay large enough to be told apart, and their card ends below the other.
 */
function rowsShare(rows: number, columns: number): string {
  const width = (712 - 27 * rows) / (rows / columns + 0.5)
  return `${Math.max(1, Math.min(2.6, (width + 36) / (1316 - width))).toFixed(2)}fr`
}

const sameSize = (a: Thumbnails, b: Thumbnails): boolean =>
  a.width === b.width && a.height === b.height && a.channels === b.channels

function sampleRows({ teacher, checkpoints }: CompareViewData): Row[] {
  const own = checkpoints.flatMap((c): Row[] =>
    c.samples
      ? [
          {
            key: c.id,
            name: shortName(c, checkpoints),
            slot: c.run.slot,
            age: c.age,
            samples: c.samples,
            cosine: c.sampleCosine,
          },
        ]
      : [],
  )
  if (!teacher?.samples) return own
  return [
    { key: 'teacher', name: teacher.name, slot: null, age: 0, samples: teacher.samples, cosine: null },
    ...own,
  ]
}

type WipeProps = Omit<CompareSamplesProps, 'data'> & { a: Row; b: Row; rows: Row[]; image: number }

function WipeAndDifference({ a, b, rows, image, view, onChange }: WipeProps) {
  const share = Math.min(100, Math.max(0, view.w))
  const setShare = (w: number) => onChange({ w })
  const { width, height, channels } = a.samples
  const left = useMemo(() => bytesOf(a.samples.images[image]!), [a, image])
  const right = useMemo(() => bytesOf(b.samples.images[image]!), [b, image])
  function drag(event: PointerEvent<HTMLDivElement>) {
    if (event.buttons === 0) return
    const box = event.currentTarget.getBoundingClientRect()
    setShare(Math.min(100, Math.max(0, Math.round(((event.clientX - box.left) / box.width) * 100))))
  }
  const pixel = view.p && inside(a.samples, view.p)
  const look = (p: Pixel | null) => onChange({ p })
  return (
    <div className="wipe-pair">
      <div>
        <div className="wipe" onPointerDown={drag} onPointerMove={drag}>
          <Pixels
            {...{ width, height, channels }}
            pixels={right}
            label={`Picture ${image} of ${b.name}`}
            size="100%"
          />
          <div style={{ clipPath: `inset(0 ${100 - share}% 0 0)` }}>
            <Pixels
              {...{ width, height, channels }}
              pixels={left}
              label={`Picture ${image} of ${a.name}`}
              size="100%"
            />
          </div>
          <span className="wipe-line" style={{ left: `${share}%` }} />
          {pixel && <PixelFrame size={a.samples} pixel={pixel} />}
        </div>
        <RangeInput
          min={0}
          max={100}
          value={share}
          aria-label={`Wipe: share of ${a.name}`}
          aria-valuetext={`${share} % ${a.name}, ${100 - share} % ${b.name}`}
          onValue={setShare}
        />
        <div className="wipe-names">
          <span className="run-name">
            <CheckpointBadge look={a} size={9} />
            {a.name}
          </span>
          <span className="run-name">
            {b.name}
            <CheckpointBadge look={b} size={9} />
          </span>
        </div>
      </div>
      <div>
        <PixelPick size={a.samples} pixel={pixel} onPixel={look} name={`Picture ${image}, difference`}>
          <PixelDifference
            {...{ width, height, channels }}
            a={left}
            b={right}
            label={`Picture ${image}, ${b.name} minus ${a.name}: blue is darker, orange brighter`}
          />
        </PixelPick>
        <ColourLegend scale={pixelDifferenceScale} />
      </div>
      {pixel && (
        <PixelZoom
          pictures={rows
            .filter((row) => sameSize(row.samples, a.samples))
            .map((row) => ({ ...row, pixels: bytesOf(row.samples.images[image]!) }))}
          size={a.samples}
          channels={channels}
          pixel={pixel}
          onClose={() => look(null)}
        />
      )}
    </div>
  )
}

const inside = ({ width, height }: PixelSize, [x, y]: Pixel): Pixel => [
  Math.min(width - 1, x),
  Math.min(height - 1, y),
]
