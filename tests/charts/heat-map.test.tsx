import { expect, test } from 'vitest'
import { metricScales } from '../../app/_charts/colour'
import { columnEdges, HeatMap, heatCells, moveSelection, paintCells } from '../../app/_charts/heat-map'
import { timesteps } from './fixture'
import { picture } from './picture'

const rows = [
  { id: 'conv_in', values: timesteps.map(() => null), reason: 'kept in full precision' },
  { id: 'mid.conv1', values: timesteps.map((_, i) => (i === 3 ? Number.NaN : 20 - i)) },
]

/** Records what a canvas would be told. */
function fakeContext() {
  const calls: string[] = []
  const note = (name: string) => () => void calls.push(name)
  const context = {
    ...Object.fromEntries(
      ['save', 'restore', 'beginPath', 'rect', 'clip', 'moveTo', 'lineTo', 'stroke'].map((n) => [n, note(n)]),
    ),
    set fillStyle(colour: string) {
      calls.push(`fill ${colour}`)
    },
    fillRect: note('fillRect'),
  }
  return { calls, context: context as unknown as CanvasRenderingContext2D }
}

test('a map of two layers looks as it did', () => {
  expect(
    picture(
      <HeatMap
        title="Layers by timesteps"
        message="mid.conv1 falls"
        fileName="map"
        rows={rows}
        timesteps={timesteps}
        scale={metricScales.sqnr}
        selected={{ row: 'mid.conv1', t: 301 }}
        width={520}
      />,
    ),
  ).toMatchSnapshot()
})

test('columns touch, and the highest timestep is at the left', () => {
  // Rounded: (1 - t/1000) * width is off by one unit in the last place.
  const edges = columnEdges(timesteps, 1000).map((e) => Number(e.toFixed(9)))
  expect(edges).toEqual([49, 149, 249, 349, 449, 549, 649, 749, 849, 949, 1000])
})

test('one timestep fills the width', () => {
  expect(columnEdges([500], 300)).toEqual([0, 300])
})

test('a value that is missing or NaN is hatched and gets no colour', () => {
  const { calls, context } = fakeContext()
  paintCells(context, heatCells(rows, timesteps, 500, 18), metricScales.sqnr, 'light')
  expect(calls.filter((c) => c === 'fillRect')).toHaveLength(9)
  expect(calls.filter((c) => c === 'clip')).toHaveLength(11)
})

test('the cell of row 1, column 2 lies where the crosshair of its layer and timestep stands', () => {
  const cell = heatCells(rows, timesteps, 1000, 18)[12]!
  expect(cell).toEqual({ x: 249, y: 18, width: 100, height: 18, value: 18 })
})

test('arrows move by layer and timestep and stop at the edges', () => {
  const at = { row: 'conv_in', t: 901 }
  expect(moveSelection('ArrowDown', rows, timesteps, at)).toEqual({ row: 'mid.conv1', t: 901 })
  expect(moveSelection('ArrowRight', rows, timesteps, at)).toEqual({ row: 'conv_in', t: 801 })
  expect(moveSelection('ArrowLeft', rows, timesteps, at)).toEqual(at)
  expect(moveSelection('ArrowUp', rows, timesteps, at)).toEqual(at)
  expect(moveSelection('x', rows, timesteps, at)).toBeNull()
  expect(moveSelection('ArrowDown', [], timesteps, at)).toBeNull()
})
