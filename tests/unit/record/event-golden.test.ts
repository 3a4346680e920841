/** Event files of other writers, against what TensorBoard itself reads of them (tests/golden/events.py). */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { describe, expect, it } from 'vitest'
import type { Histogram } from '../../../lib/record/run'
import { type Logged, readEvents } from '../../../lib/record/tensorboard'
import { openFileSource } from '../../../lib/tensor/file-source'

type Found = {
  file: string
  scalars: { tag: string; step: number; value: number | null }[]
  histograms: { tag: string; step: number; histogram: Histogram | null }[]
  images: { tag: string; step: number; width: number; height: number; png: string }[]
}

const folder = join(import.meta.dirname, '../../golden')
const golden: Found[] = JSON.parse(readFileSync(join(folder, 'events.json'), 'utf8'))

/** All that is logged of a kind, by tag as TensorBoard lists it, in the order of the file within a tag. */
async function logged<K extends Logged['kind']>(file: string, kind: K) {
  const source = await openFileSource(join(folder, file))
  try {
    const found: Extract<Logged, { kind: K }>[] = []
    for await (const one of readEvents(source))
      if (one.kind === kind) found.push(one as Extract<Logged, { kind: K }>)
    return found.sort((a, b) => (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0))
  } finally {
    await source.close()
  }
}

describe.each(golden)('$file', ({ file, scalars, histograms, images }) => {
  it('has the scalars TensorBoard finds, but for those that are not finite', async () => {
    expect(scalars.some(({ value }) => value === null)).toBe(true)
    expect(await logged(file, 'scalar')).toEqual(
      scalars.filter(({ value }) => value !== null).map((scalar) => ({ kind: 'scalar', ...scalar })),
    )
  })

  it('has the histograms TensorBoard finds, but for empty ones, between the same edges', async () => {
    const expected = histograms.filter(({ histogram }) => histogram !== null)
    const found = await logged(file, 'histogram')
    expect(found.map(({ tag, step }) => ({ tag, step }))).toEqual(
      expected.map(({ tag, step }) => ({ tag, step })),
    )
    for (const [i, { histogram }] of found.entries()) {
      const { lo, hi, counts } = expected[i]!.histogram!
      // TensorBoard keeps edges as float32.
      const near = 1e-6 * Math.max(Math.abs(lo), Math.abs(hi))
      expect(Math.abs(histogram.lo - lo)).toBeLessThan(near)
      expect(Math.abs(histogram.hi - hi)).toBeLessThan(near)
      const total = counts.reduce((sum, count) => sum + count, 0)
      expect(histogram.counts).toHaveLength(counts.length)
      for (const [bin, count] of counts.entries())
        expect(Math.abs(histogram.counts[bin]! - count)).toBeLessThan(1e-4 * total)
    }
  })

  it('has the same PNGs, of the same size', async () => {
    const found = await logged(file, 'image')
    expect(
      found.map(({ tag, step, png }) => {
        const { width, height } = decode(png)
        return { tag, step, width, height, png: Buffer.from(png).toString('base64') }
      }),
    ).toEqual(images)
  })
})
