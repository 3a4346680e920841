import { renderToStaticMarkup } from 'react-dom/server'
import { expect, it } from 'vitest'
import { checkpointFill } from '../../app/_charts/checkpoint-mark'
import { differencePixels, pixelDifferences } from '../../app/_charts/pixel-difference'
import { RankedLayers, type RankedRow } from '../../app/_charts/ranked-layers'
import { WeightOverlay } from '../../app/_charts/weight-overlay'

const rows: RankedRow[] = Array.from({ length: 5 }, (_, i) => ({
  id: `down.${i}.block.0.conv1`,
  means: [10, i === 4 ? null : 14 - 2 * i],
  change: 4 - 2 * i,
  changes: [4 - 2 * i, null],
}))
const looks = [
  { name: 'sign', look: { slot: 0, age: 0 } },
  { name: 'lmb', look: { slot: 1, age: 0 } },
]
const draw = (top: RankedRow[], bottom: RankedRow[] = []) =>
  renderToStaticMarkup(
    <RankedLayers
      title="Layers ranked by change"
      message="5 layers by change"
      fileName="rank"
      top={top}
      bottom={bottom}
      looks={looks}
      timesteps={[900, 100]}
      selected={{ row: rows[0]!.id, t: null }}
      onSelect={() => {}}
      changeName="lmb − sign"
    />,
  )

it('each row has the mark of every checkpoint that was measured', () => {
  const markup = draw(rows)
  expect(markup.match(/fill:var\(--run-0\)/g)).toHaveLength(5)
  expect(markup.match(/fill:var\(--run-1\)/g)).toHaveLength(4)
})

it('changes carry their sign, and worse is marked by more than colour', () => {
  const markup = draw(rows)
  expect(markup).toContain('<b>+4.0</b>')
  expect(markup).toMatch(/num worse"><b>−2.0<\/b>/)
  expect(markup).toContain('<b>0.0</b>')
})

it('all rows share one axis from 0 to 30 dB that only grows for values outside', () => {
  const ticks = (markup: string) => [...markup.matchAll(/class="tick"[^>]*>([^<]+)</g)].map((m) => m[1])
  expect(ticks(draw(rows))).toEqual(['0', '10', '20', '30'])
  expect(ticks(draw([{ ...rows[0]!, means: [-15, 10] }]))[0]).toBe('−10')
  expect(ticks(draw([{ ...rows[0]!, means: [150, 10] }]))).toEqual(['0', '10', '20', '30'])
})

it('the least improved stand below a gap', () => {
  expect(draw(rows.slice(0, 3), rows.slice(3))).toContain('stroke-dasharray="2 3"')
  expect(draw(rows)).not.toContain('stroke-dasharray="2 3"')
})

it('older checkpoints of a run keep its hue and get paler', () => {
  expect(checkpointFill({ slot: 2, age: 0 })).toBe('var(--run-2)')
  expect(checkpointFill({ slot: 2, age: 1 })).toContain('var(--run-2) 45%')
  expect(checkpointFill({ slot: null, age: 0 })).toBe('var(--surface)')
})

it('a pixel difference is signed, in units of −1 to 1, and its zero is the ground', () => {
  const a = Uint8Array.of(0, 255, 100)
  const b = Uint8Array.of(255, 0, 100)
  expect(pixelDifferences(a, b, 1)).toEqual([2, -2, 0])
  // RGB counts as the mean of its channels.
  expect(pixelDifferences(Uint8Array.of(0, 0, 0), Uint8Array.of(51, 102, 0), 3)).toEqual([0.4])
  const [r, g, blue] = differencePixels([0], 'light')
  expect([r, g, blue]).toEqual([0xf1, 0xf0, 0xed])
  const brighter = differencePixels([1], 'light')
  expect([...brighter.slice(0, 3)]).toEqual([0x99, 0x36, 0x13])
})

it('overlaid weights share one axis that holds the levels of all of them', () => {
  const markup = renderToStaticMarkup(
    <WeightOverlay
      title="Weights"
      message="Weights of two checkpoints"
      fileName="overlay"
      checkpoints={[
        {
          name: 'sign',
          look: { slot: 0, age: 0 },
          histogram: { lo: -1, hi: 1, counts: [1, 4, 4, 1] },
          levels: [-0.5, 0.5],
        },
        {
          name: 'lmb',
          look: { slot: 1, age: 1 },
          histogram: { lo: -2, hi: 2, counts: [1, 4, 4, 1] },
          levels: [],
        },
      ]}
      teacher={null}
      width={400}
    />,
  )
  expect(markup).toMatchSnapshot()
  // The wider distribution decides: ticks beyond ±1 exist for both.
  expect(markup).toContain('>−2<')
  expect(markup).not.toContain('teacher')
})

it('weights of more checkpoints than four stand as ridges on the same axis, each with its levels', () => {
  const checkpoint = (i: number) => ({
    name: `step ${i}`,
    look: { slot: 0, age: i },
    histogram: { lo: -1, hi: 1, counts: [1, 4 + i, 4, 1] },
    levels: [-0.5, 0.5],
  })
  const markup = renderToStaticMarkup(
    <WeightOverlay
      title="Weights"
      message="Weights of five checkpoints"
      fileName="overlay"
      checkpoints={[0, 1, 2, 3, 4].map(checkpoint)}
      teacher={{ lo: -1, hi: 1, counts: [1, 3, 3, 1] }}
      width={400}
    />,
  )
  const bases = [...markup.matchAll(/class="grid-line" x1="44" x2="388" y1="(\d+)"/g)].map(([, y]) =>
    Number(y),
  )
  expect(bases).toEqual([68, 120, 172, 224, 276])
  expect(markup.match(/stroke:var\(--teacher\)/g)!.length).toBeGreaterThanOrEqual(5)
  for (const base of bases) expect(markup).toMatch(new RegExp(`M[\\d.]+,${base}v8M`))
})
