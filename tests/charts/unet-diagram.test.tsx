import { expect, test } from 'vitest'
import { metricScales } from '../../app/_charts/colour'
import { UNetDiagram } from '../../app/_charts/unet-diagram'
import { nearestSquare, unetLayout } from '../../app/_charts/unet-layout'
import type { Layer } from '../../lib/record/run'
import { layers } from './fixture'
import { picture } from './picture'

const values = { 'down.0.block.0.conv1': 12, 'mid.block_1.conv1': 3, conv_in: null }

test('a network of eight layers looks as it did', () => {
  const html = picture(
    <UNetDiagram
      title="Where it hurts"
      message="U-Net of 8 layers"
      fileName="unet"
      layers={layers}
      values={values}
      scale={metricScales.sqnr}
      selected="mid.block_1.conv1"
      width={420}
    />,
  )
  expect(html).toMatchSnapshot()
})

test('measured layers are coloured, the rest is hatched', () => {
  const html = picture(
    <UNetDiagram
      title=""
      message=""
      fileName=""
      layers={layers}
      values={values}
      scale={metricScales.sqnr}
      width={420}
    />,
  )
  expect(html.match(/fill:light-dark/g)).toHaveLength(2)
  // Five of the seven drawn layers have no value.
  expect(html.match(/fill:url\(#/g)).toHaveLength(5)
})

test('the forward pass runs from left to right and levels lie below each other', () => {
  const { nodes } = unetLayout(layers, 420)
  const xs = nodes.map((node) => node.x)
  expect(xs).toEqual(xs.toSorted((a, b) => a - b))
  const mid = nodes.find((node) => node.part === 'mid')!
  expect(nodes.filter((n) => n !== mid).every((node) => node.y < mid.y)).toBe(true)
})

test('the last block of the way down feeds the first of the way up, the first convolution the last', () => {
  const { skips } = unetLayout(layers, 420)
  expect(skips.map(({ from, to }) => [from.squares[0]!.layer.id, to.squares[0]!.layer.id])).toEqual([
    ['down.0.block.0.conv1', 'up.0.block.0.conv1'],
    ['conv_in', 'up.0.block.1.conv1'],
  ])
  // The outer one lies above the inner, though its box stands lower.
  expect(skips[1]!.over).toBeLessThan(skips[0]!.over)
})

test('what is passed on comes after the attention of its block', () => {
  const attention: Layer = {
    ...layers[2]!,
    id: 'down.0.attn.0.q',
    place: { part: 'down', level: 0, block: 0, role: 'q' },
  }
  const { skips } = unetLayout([...layers.slice(0, 4), attention, ...layers.slice(4)], 420)
  expect(skips[0]!.from.squares[0]!.layer.id).toBe('down.0.attn.0.q')
})

test('boxes stay inside the width, on a phone too', () => {
  for (const width of [330, 420, 1300]) {
    for (const node of unetLayout(layers, width).nodes) {
      expect(node.x).toBeGreaterThanOrEqual(0)
      expect(node.x + node.width).toBeLessThanOrEqual(width)
    }
  }
})

test('a click beside a square takes the nearest one', () => {
  const layout = unetLayout(layers, 420)
  const square = layout.nodes.find((n) => n.part === 'mid')!.squares[0]!
  expect(nearestSquare(layout, square.x - 3, square.y + 40)?.layer.id).toBe('mid.block_1.conv1')
  expect(nearestSquare(unetLayout([], 420), 0, 0)).toBeNull()
})
