import { describe, expect, it } from 'vitest'
import {
  binarizedLayers,
  type CheckpointWeights,
  flipsBetween,
  type LayerState,
  layerDynamics,
  measureDynamics,
  scaleDrift,
} from '../../../lib/diagnostics/dynamics'
import { normal } from '../../../lib/math/rng'
import { packWeight } from '../../../lib/quant/binarizer'
import { fullPrecisionLayer, type LayerPrecision } from '../../../lib/record/precision'
import { golden } from './golden'

const sign: LayerPrecision = { method: 'sign', bases: 1, activationBits: 4 }
const lmb: LayerPrecision = { method: 'lmb', bases: 2, activationBits: 4 }
const f32 = (values: readonly number[]) => Float32Array.from(values)

const state = (precision: LayerPrecision, w: number[], sigma1: number[], sigma2?: number[]): LayerState => ({
  precision,
  scales: { sigma1: f32(sigma1), sigma2: sigma2 && f32(sigma2) },
  stored: { shape: [sigma1.length, w.length / sigma1.length], data: f32(w) },
})

/** Checkpoints of a run with these layers. */
function run(...moments: [step: number, layers: Record<string, LayerState>][]): CheckpointWeights[] {
  return moments.map(([step, layers]) => ({
    step,
    name: `step-${step}`,
    layers: new Map(Object.entries(layers).map(([id, { precision }]) => [id, precision])),
    read: async (id) => layers[id]!,
  }))
}

const dynamicsOf = (...states: [step: number, state: LayerState][]) =>
  layerDynamics(
    'conv',
    run(...states.map(([step, conv]) => [step, { conv }] as [number, { conv: LayerState }])),
  )

describe('layerDynamics', () => {
  it('of three checkpoints by hand', async () => {
    const { moments, moved, repeated } = await dynamicsOf(
      [0, state(sign, [1, 1, 1, 1, -1, -1], [1, 1])],
      [50, state(sign, [1, 1, -1, 2, -1, 1], [1, 2])],
      [200, state(sign, [1, 1, 1, 0.01, -1, 1], [1, 1])],
    )
    expect(moments[0]).toMatchObject({ step: 0, flips: null, drift: { sigma1: 0, sigma2: null } })
    expect(moments[1]!.flips).toEqual({
      since: 0,
      first: expect.closeTo(2 / 6, 12),
      second: null,
      worst: { channel: 0, share: expect.closeTo(1 / 3, 12) },
    })
    expect(moments[1]!.drift.sigma1).toBeCloseTo(1 / Math.SQRT2, 12)
    expect(moments[2]!.flips).toMatchObject({ since: 50, first: expect.closeTo(1 / 6, 12) })
    // of row two, mean|w| 0.67, only 0.01 is near zero; 2 and nothing else lies outside
    expect(moments[1]!.latent).toEqual({ outside: 1 / 6, nearZero: 0 })
    expect(moments[2]!.latent).toEqual({ outside: 0, nearZero: 1 / 6 })
    // the third weight went and came back, the last went for good
    expect(moved).toBeCloseTo(2 / 6, 12)
    expect(repeated).toBeCloseTo(1 / 6, 12)
  })
  it('equals NumPy over four checkpoints of two bases', async () => {
    const { moments, moved, repeated } = golden.dynamics
    const found = await dynamicsOf(
      ...moments.map(({ step, w, sigma1, sigma2 }): [number, LayerState] => [
        step,
        state(lmb, w, sigma1, sigma2),
      ]),
    )
    for (const [i, { flips, drift }] of moments.entries()) {
      const at = found.moments[i]!
      // counts over counts: to a rounding
      if (flips) {
        expect(at.flips!.first).toBeCloseTo(flips.first, 12)
        expect(at.flips!.second).toBeCloseTo(flips.second, 12)
        expect(at.flips!.worst).toEqual({
          channel: flips.worst.channel,
          share: expect.closeTo(flips.worst.share, 12),
        })
      }
      expect(at.drift.sigma1).toBeCloseTo(drift[0], 6)
      expect(at.drift.sigma2).toBeCloseTo(drift[1], 6)
    }
    expect(found.moved).toBeCloseTo(moved, 12)
    expect(found.repeated).toBeCloseTo(repeated, 12)
  })
  it('has the same flips from packed checkpoints, and says nothing of their latent weights', async () => {
    const [a, b] = [
      state(lmb, [1, -2, 0.5, 3], [1, 2], [0.5, 1]),
      state(lmb, [1, 2, -0.5, 3], [1, 2], [0.5, 1]),
    ]
    const packed = ({ precision, stored, scales }: LayerState): LayerState => {
      const { weight, scales: own } = packWeight(precision, stored, scales)!
      return { precision, stored: weight, scales: own }
    }
    const floats = await dynamicsOf([0, a], [1, b])
    for (const mixed of [
      await dynamicsOf([0, packed(a)], [1, packed(b)]),
      await dynamicsOf([0, packed(a)], [1, b]),
    ]) {
      expect(mixed.moments[1]!.flips).toEqual(floats.moments[1]!.flips)
      expect(mixed.moments[0]!.latent).toBe(null)
    }
    expect(floats.moments[0]!.latent).not.toBe(null)
  })
  it('takes the signs of a layer that is not binary yet from its weights', async () => {
    const float: LayerState = { ...state(sign, [1, -1], [1]), precision: fullPrecisionLayer, scales: {} }
    const { moments } = await dynamicsOf([0, float], [1, state(sign, [1, 1], [1])])
    expect(moments.map(({ bases }) => bases)).toEqual([0, 1])
    expect(moments[1]!.flips!.first).toBe(0.5)
    // drift begins with the first checkpoint that has the scale
    expect(moments.map(({ drift }) => drift.sigma1)).toEqual([null, 0])
  })
  it('of a second basis that is dropped tells the flips of the first alone', async () => {
    const { moments } = await dynamicsOf(
      [0, state(lmb, [1, -1], [1], [0.5])],
      [1, state({ ...lmb, method: 'ebb', bases: 1 }, [1, -1], [1])],
    )
    expect(moments[1]!.flips).toMatchObject({ first: 0, second: null })
    expect(moments.map(({ drift }) => drift.sigma2)).toEqual([0, null])
  })
  it('tells repeated flips from three checkpoints on', async () => {
    const still = state(sign, [1, -1], [1])
    expect(await dynamicsOf([0, still])).toMatchObject({ moved: null, repeated: null })
    expect(await dynamicsOf([0, still], [1, still])).toMatchObject({ moved: 0, repeated: null })
    expect(await dynamicsOf([0, still], [1, still], [2, still])).toMatchObject({ moved: 0, repeated: 0 })
  })
  it('refuses a layer that changes its size', async () => {
    const work = dynamicsOf([0, state(sign, [1, -1], [1])], [1, state(sign, [1, -1, 1, 1], [1, 1])])
    await expect(work).rejects.toThrow('step-1: conv: it has 4 weights, in the checkpoints before 2')
  })
})

it('weights that turn by a correlation rho flip arccos(rho)/pi of their signs', () => {
  // Draws of 2e5: standard deviation 0.001.
  const [a, b] = [normal(1, 0, new Float32Array(200_000)), normal(2, 0, new Float32Array(200_000))]
  const plane = (of: (i: number) => number) => Int8Array.from(a, (_, i) => (of(i) >= 0 ? 1 : -1))
  const rho = 0.8
  const after = plane((i) => rho * a[i]! + Math.sqrt(1 - rho ** 2) * b[i]!)
  const { first } = flipsBetween({ step: 0, planes: [plane((i) => a[i]!)] }, [after], 1)
  expect(first).toBeCloseTo(Math.acos(rho) / Math.PI, 2)
})

it('scaleDrift is relative to the start, and null without one', () => {
  expect(scaleDrift([3, 4], [3, 4])).toBe(0)
  expect(scaleDrift([3, 4], [6, 8])).toBe(1)
  expect(scaleDrift([0, 0], [1, 1])).toBe(null)
  expect(scaleDrift([1], [1, 1])).toBe(null)
})

describe('measureDynamics', () => {
  const kept: LayerState = { ...state(sign, [1], [1]), precision: fullPrecisionLayer, scales: {} }
  const still = state(sign, [1, 2], [1])
  const turned = state(sign, [1, -2], [1])

  it('looks at layers that are binarized at some checkpoint, and tells how far it is', async () => {
    const checkpoints = run(
      [0, { in: kept, a: kept, b: still }],
      [1, { in: kept, a: state(sign, [1], [1]), b: turned }],
    )
    expect(binarizedLayers(checkpoints)).toEqual(['a', 'b'])
    const told: string[] = []
    const found = await measureDynamics(checkpoints, { onProgress: (...parts) => told.push(parts.join(' ')) })
    expect(found.map(({ layer, moved }) => [layer, moved])).toEqual([
      ['a', 0],
      ['b', 0.5],
    ])
    expect(told).toEqual(['1 2 layers', '2 2 layers'])
  })
  it('stops between layers when it is told to', async () => {
    const stop = new AbortController()
    const work = measureDynamics(run([0, { a: still, b: still }], [1, { a: still, b: still }]), {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    })
    await expect(work).rejects.toThrow('enough')
  })
})
