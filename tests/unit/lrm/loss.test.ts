import { grad, memory, type Tensor, tensor2d, tensor4d } from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
import { describe, expect, it } from 'vitest'
import { lowRankLoss } from '../../../lib/lrm/loss'
import { fitAxes, fitWidthAxes, type LowRankAxis, rankOf, widthRankOf } from '../../../lib/lrm/projection'

/** Loss and gradient by the features, float32 rounded away. */
function lossOf(features: Tensor, axes: number[], target: number[], axis: LowRankAxis, weight: number) {
  const [n, k] = [axes.length, 1]
  const [e, t] = [tensor2d(axes, [n, k]), tensor2d(target, [target.length, k])]
  const f = (x: Tensor) => lowRankLoss(x, e, t, { axis, weight })
  const round = (v: number) => Math.round(v * 1e5) / 1e5 + 0
  return {
    loss: round(f(features).dataSync()[0]!),
    gradient: [...grad(f)(features).dataSync()].map(round),
  }
}

describe('the loss of two pixels with two channels, worked by hand', () => {
  // image of one row: pixels (1, 2) and (3, 4)
  const features = tensor4d([1, 2, 3, 4], [1, 1, 2, 2])
  const axis = [0.6, 0.8]

  it('projects pixels on the axis over channels', () => {
    // projections 2.2 and 5 against 2 and 4: half of the mean of 0.04 and 1
    const { loss, gradient } = lossOf(features, axis, [2, 4], 'channels', 0.5)
    expect(loss).toBe(0.26)
    // 2 * 0.5 / 2 * difference * axis
    expect(gradient).toEqual([0.06, 0.08, 0.3, 0.4])
  })

  it('projects rows of each channel on the axis over width', () => {
    // rows (1, 3) and (2, 4): projections 3 and 4.4 against 3 and 4
    const { loss, gradient } = lossOf(features, axis, [3, 4], 'width', 0.5)
    expect(loss).toBe(0.04)
    expect(gradient).toEqual([0, 0.12, 0, 0.16])
  })

  it.each(['channels', 'width'] as const)('is the same with the axis over %s turned round', (over) => {
    const turned = lossOf(features, [-0.6, -0.8], [-2, -4], over, 1)
    expect(turned).toEqual(lossOf(features, axis, [2, 4], over, 1))
  })

  it('is 0 with no gradient for features with the projection of the teacher, whatever else they hold', () => {
    // (1, 2) + 5 * (0.8, -0.6), which is orthogonal to the axis
    const other = tensor4d([5, -1], [1, 1, 1, 2])
    expect(lossOf(other, axis, [2.2], 'channels', 1)).toEqual({ loss: 0, gradient: [0, 0] })
  })

  it('leaves nothing behind but the loss', () => {
    const [e, t] = [tensor2d(axis, [2, 1]), tensor2d([2, 4], [2, 1])]
    const before = memory().numTensors
    lowRankLoss(features, e, t, { axis: 'channels', weight: 1 }).dispose()
    expect(memory().numTensors).toBe(before)
  })
})

describe('the number of axes', () => {
  it('is a quarter of the channels, rounded, and never 0', () => {
    expect([1, 3, 4, 6, 32, 128].map((c) => rankOf(c))).toEqual([1, 1, 1, 2, 8, 32])
  })
  it('is the share that the divisor says', () => {
    expect([1, 2, 8].map((divisor) => rankOf(32, divisor))).toEqual([32, 16, 4])
    expect(rankOf(4, 8)).toBe(1)
  })
  it("of image width is the released code's: rounded down, at least 2 where there are 2", () => {
    expect([1, 2, 4, 8, 15, 32].map((w) => widthRankOf(w))).toEqual([1, 2, 2, 2, 3, 8])
    expect(widthRankOf(32, 8)).toBe(4)
  })
})

it('axes over width are centred, axes over channels are not', () => {
  // rows 10 + 2d, 10 - 2d, 10 + e, 10 - e with d = (1, -1, 0, 0), e = (0, 0, 1, -1)
  const rows = Float32Array.of(12, 8, 10, 10, 8, 12, 10, 10, 10, 10, 11, 9, 10, 10, 9, 11)
  const absolute = (axes: Float32Array | null) => [...axes!].map((v) => Math.abs(Math.round(v * 1e5) / 1e5))
  expect(absolute(fitAxes(rows, 4))).toEqual([0.5, 0.5, 0.5, 0.5])
  const half = Math.round(Math.SQRT1_2 * 1e5) / 1e5
  // [W, k]: d in the first column, e in the second
  expect(absolute(fitWidthAxes(rows, 4))).toEqual([half, 0, half, 0, 0, half, 0, half])
})
