/**
 * The loss of Low-rank Representation Mimicking (BinaryDM, Eq. 13-15): mean squared difference between teacher's and
 * student's features after projection on the teacher's axes. It is a mean over the kept dimensions only, so it is not on
 * the scale of a plain feature MSE.
 */
import {
  customGrad,
  matMul,
  mul,
  type Scalar,
  scalar,
  sub,
  type Tensor,
  type Tensor2D,
  transpose,
} from '@tensorflow/tfjs-core'
import { hostValues } from '../tensor/on-host'
import { energyOf } from './alignment'
import { fromRows, type LowRankAxis, projectFeatures } from './projection'

/**
 * weight * mean((E·axes - target)^2), E the rows of `features` (B,H,W,C) along `axis`, axes [C or W, k], target
 * [rows, k]. On the gradient tape, for the features only. The caller owns the result.
 */
export function lowRankLoss(
  features: Tensor,
  axes: Tensor2D,
  target: Tensor2D,
  { axis, weight }: { axis: LowRankAxis; weight: number },
): Scalar {
  const operation = customGrad((...args) => {
    const [e, save] = args as [Tensor, (saved: Tensor[]) => void]
    const difference = sub(projectFeatures(e, axes, axis), target)
    save([difference])
    const count = difference.size
    return {
      value: scalar((weight * energyOf(hostValues(difference))) / count),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const rate = (2 * weight * hostValues(dy)[0]!) / count
        return fromRows(mul(matMul(saved[0] as Tensor2D, transpose(axes)), rate), features.shape, axis)
      },
    }
  })
  return operation(features) as Scalar
}
