import { expect, test } from 'vitest'
import { StageStrip } from '../../app/_charts/stage-strip'
import { precisionStages } from '../../app/_views/precision-stages'
import type { LayerPrecision } from '../../lib/record/precision'
import { layers } from './fixture'
import { picture } from './picture'

const fp: LayerPrecision = { method: 'fp', bases: 0, activationBits: 32 }
const lmb: LayerPrecision = { method: 'lmb', bases: 2, activationBits: 4 }
const ebb: LayerPrecision = { method: 'ebb', bases: 2, activationBits: 4 }

/** A checkpoint whose layers outside `precisions` are kept in full precision. */
const at = (step: number, precisions: Record<string, LayerPrecision>) => ({
  step,
  layers: layers.map((layer) => ({ layer, precision: precisions[layer.id] ?? fp })),
})
const [down, mid, up] = ['down.0.block.0.conv1', 'mid.block_1.conv1', 'up.0.block.0.conv1'] as const

test('progressive initialisation: a part is in full precision until the step it turned binary at', () => {
  const end = at(100, { [mid]: lmb, [down]: { ...lmb, since: 4 }, [up]: { ...lmb, since: 4 } })
  expect(precisionStages([at(0, { [mid]: lmb }), end])).toEqual([
    {
      name: 'down 0, block 0',
      layers: 1,
      stages: [
        { from: 0, bases: 0 },
        { from: 4, bases: 2 },
      ],
    },
    { name: 'middle', layers: 1, stages: [{ from: 0, bases: 2 }] },
    {
      name: 'up 0, block 0',
      layers: 1,
      stages: [
        { from: 0, bases: 0 },
        { from: 4, bases: 2 },
      ],
    },
  ])
  // The last checkpoint alone tells the same.
  expect(precisionStages([end])).toEqual(precisionStages([at(0, { [mid]: lmb }), end]))
})

test('EBB: two bases until the transition, one after', () => {
  const after: LayerPrecision = { ...ebb, bases: 1, since: 60 }
  const stages = [
    { from: 0, bases: 2 },
    { from: 60, bases: 1 },
  ]
  expect(precisionStages([at(0, { [mid]: ebb }), at(100, { [mid]: after })])).toMatchObject([{ stages }])
  expect(precisionStages([at(100, { [mid]: after })])).toMatchObject([{ stages }])
})

test('layers that have been alike from the start are nothing to tell', () => {
  expect(precisionStages([at(0, { [mid]: lmb, [up]: lmb }), at(9, { [mid]: lmb, [up]: lmb })])).toEqual([])
  expect(precisionStages([])).toEqual([])
})

test('the strip draws every stage up to the last step, full precision hatched, and names what it draws', () => {
  const rows = precisionStages([at(100, { [mid]: ebb, [up]: { ...lmb, since: 25 } })])
  const html = picture(
    <StageStrip title="When" message="two parts" fileName="x" rows={rows} until={100} slot={0} width={400} />,
  )
  // root scale from 132 to 388: step 25 stands half way
  expect(html).toContain('x="132" y="1.5" width="128"')
  expect(html).toContain('x="260" y="1.5" width="128"')
  expect(html).toContain('x="132" y="1.5" width="256"')
  for (const text of ['full precision', 'two bases', 'middle', 'up 0, block 0']) expect(html).toContain(text)
  expect(html).not.toContain('one basis')
})
