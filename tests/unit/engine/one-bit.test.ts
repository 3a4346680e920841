import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Geometry } from '@/lib/engine/convolution'
import { planOneLayer } from '@/lib/engine/one-layer'
import { referenceCodes, referenceSums } from '@/lib/engine/reference'
import { startProgram, valuesOf } from '@/lib/engine/run-program'
import { normal } from '@/lib/math/rng'

const module = new WebAssembly.Module(readFileSync('public/engine/strict.wasm'))
const alpha = 0.5
const gaussian = (seed: number, n: number) => normal(seed, 0, new Float32Array(n))

type Case = {
  outputs: number
  channels: number
  kernel: 1 | 3
  stride?: 1 | 2
  padding?: 0 | 1
  size?: { height: number; width: number }
}

const geometryOf = ({
  outputs,
  channels,
  kernel,
  stride = 1,
  padding = kernel === 1 ? 0 : 1,
}: Case): Geometry => ({
  shape: [outputs, channels, kernel, kernel],
  stride,
  padding,
})

/** The sums the kernel takes: with scales of 1/alpha and no bias its floats are whole numbers. */
async function kernelSums(
  x: Float32Array,
  size: { height: number; width: number },
  geometry: Geometry,
  signs: Int8Array[],
) {
  const outputs = geometry.shape[0]!
  const sigmas = signs.map((_, basis) =>
    new Float32Array(outputs).fill(basis === 0 ? 1 / alpha : 1024 / alpha),
  )
  const bias = new Float32Array(outputs)
  const layer = planOneLayer(geometry, { signs, sigmas, bias }, alpha, size)
  const program = await startProgram(layer, module)
  program.floats.set(x, layer.x.at / 4)
  program.pass()
  return valuesOf(program.floats, layer.y)
}

async function expectEqual(
  x: Float32Array,
  size: { height: number; width: number },
  geometry: Geometry,
  signs: Int8Array,
) {
  const sums = referenceSums(referenceCodes(x, alpha), size, geometry, signs)
  const ours = await kernelSums(x, size, geometry, [signs])
  expect(Int32Array.from(ours)).toEqual(sums)
}

const signsFor = ({ shape }: Geometry, seed: number) =>
  Int8Array.from(
    gaussian(
      seed,
      shape.reduce((n, d) => n * d, 1),
    ),
    (v) => (v < 0 ? -1 : 1),
  )

describe('sums at one bit', () => {
  const cases: Case[] = [
    { outputs: 64, channels: 64, kernel: 3 },
    { outputs: 32, channels: 32, kernel: 3 },
    { outputs: 96, channels: 48, kernel: 3 },
    { outputs: 64, channels: 128, kernel: 1 },
    { outputs: 5, channels: 3, kernel: 3 },
    { outputs: 37, channels: 21, kernel: 3 },
    { outputs: 70, channels: 17, kernel: 1 },
    { outputs: 1, channels: 1, kernel: 1, size: { height: 1, width: 1 } },
    { outputs: 64, channels: 32, kernel: 3, stride: 2, padding: 0 },
    { outputs: 33, channels: 19, kernel: 3, stride: 2, padding: 1 },
    { outputs: 256, channels: 512, kernel: 1, size: { height: 1, width: 1 } },
  ]
  for (const c of cases) {
    const size = c.size ?? { height: 6, width: 5 }
    const { outputs, channels, kernel, stride = 1, padding = 1 } = c
    it(`are those of the reference for ${channels} -> ${outputs}, ${kernel}x${kernel}, stride ${stride}, padding ${padding}`, async () => {
      const geometry = geometryOf(c)
      const x = gaussian(3, size.height * size.width * channels).map((v) => v * 3)
      await expectEqual(x, size, geometry, signsFor(geometry, 4))
    })
  }

  for (const channels of [480, 485, 486, 512, 1536]) {
    for (const [value, sign] of [
      [7 * alpha, 1],
      [-8 * alpha, -1],
      [1e30, 1],
      [-1e30, 1],
    ] as const) {
      it(`do not overflow with ${9 * channels} products of the largest size, inputs ${value}, weights ${sign}`, async () => {
        const geometry = geometryOf({ outputs: 64, channels, kernel: 3 })
        const size = { height: 3, width: 3 }
        const x = new Float32Array(9 * channels).fill(value)
        await expectEqual(x, size, geometry, new Int8Array(64 * channels * 9).fill(sign))
      })
    }
  }

  for (const sum of [127, 128, -127, -128, -129]) {
    it(`are right where the codes of 32 channels of one pixel come to ${sum}, between rows that are zero`, async () => {
      const geometry = geometryOf({ outputs: 32, channels: 64, kernel: 3 })
      const size = { height: 7, width: 4 }
      const codes = Int8Array.from(
        { length: 32 },
        (_, c) => Math.trunc(sum / 32) + (c < Math.abs(sum) % 32 ? Math.sign(sum) : 0),
      )
      const x = new Float32Array(size.height * size.width * 64)
      x.set(codes, (3 * size.width + 1) * 64)
      for (let i = 0; i < x.length; i++) x[i]! *= alpha
      await expectEqual(x, size, geometry, new Int8Array(32 * 64 * 9).fill(1))
      await expectEqual(x, size, geometry, signsFor(geometry, 8))
    })
  }

  it('do not overflow in one row of more products than 16 bits hold', async () => {
    const geometry = geometryOf({ outputs: 40, channels: 4500, kernel: 1 })
    const x = new Float32Array(2 * 4500).fill(100)
    await expectEqual(x, { height: 1, width: 2 }, geometry, new Int8Array(40 * 4500).fill(1))
  })

  it('are 0 for zeros, whatever the weights', async () => {
    const geometry = geometryOf({ outputs: 64, channels: 64, kernel: 3 })
    const ours = await kernelSums(new Float32Array(16 * 64), { height: 4, width: 4 }, geometry, [
      signsFor(geometry, 9),
    ])
    expect(ours.every((v) => v === 0)).toBe(true)
  })

  it('round halves to even as the reference does', async () => {
    const geometry = geometryOf({ outputs: 32, channels: 32, kernel: 1 })
    const x = Float32Array.from({ length: 32 }, (_, i) => (i - 16 + 0.5) * alpha)
    await expectEqual(x, { height: 1, width: 1 }, geometry, signsFor(geometry, 2))
  })

  it('add up over two bases, each with its scales', async () => {
    for (const outputs of [64, 45]) {
      const geometry = geometryOf({ outputs, channels: 40, kernel: 3 })
      const size = { height: 4, width: 4 }
      const x = gaussian(5, 16 * 40)
      const planes = [signsFor(geometry, 6), signsFor(geometry, 7)]
      const codes = referenceCodes(x, alpha)
      const [first, second] = planes.map((signs) => referenceSums(codes, size, geometry, signs))
      const both = first!.map((sum, i) => sum + 1024 * second![i]!)
      expect(Int32Array.from(await kernelSums(x, size, geometry, planes))).toEqual(both)
    }
  })
})
