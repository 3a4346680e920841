import { fill, type Tensor, tensor2d, tensor4d, valueAndGrad } from '@tensorflow/tfjs-core'
import { expect, test } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { lowRankLoss } from '../../../lib/lrm/loss'

test("LRM's gradient is right when the backend's memory grows between loss and gradient", async () => {
  await startBackend()
  const features = tensor4d([1, 2, 3, 4], [1, 1, 2, 2])
  const [axes, target] = [tensor2d([0.6, 0.8], [2, 1]), tensor2d([2, 4], [2, 1])]
  const f = (x: Tensor) => {
    const loss = lowRankLoss(x, axes, target, { axis: 'channels', weight: 0.5 })
    // more than the backend has at the start: views of its memory taken before are gone
    for (let i = 0; i < 4; i++) fill([1 << 23], 0)
    return loss
  }
  const { value, grad } = valueAndGrad(f)(features)
  expect(value.dataSync()[0]).toBeCloseTo(0.26, 6)
  expect([...grad.dataSync()].map((v) => Math.round(v * 1e5) / 1e5)).toEqual([0.06, 0.08, 0.3, 0.4])
})
