import { customGrad, type Scalar, scalar, type Tensor } from '@tensorflow/tfjs-core'
import { hostValues, onHost } from '../tensor/on-host'
import { type ActivationBits, lsq, lsqGrad } from './lsq'

/**
 * lsq as an operation of the gradient tape, with lsqGrad for x and alpha. Computed on the host: on the wasm
 * backend one loop there beats the five kernels it would take. The caller owns the result.
 */
export function lsqOnTape(x: Tensor, alpha: Scalar, bits: ActivationBits): Tensor {
  const operation = customGrad((...inputs) => {
    const [values, step, save] = inputs as [Tensor, Scalar, (saved: Tensor[]) => void]
    save([values, step])
    return {
      value: onHost([values, step], values.shape, (out, x, alpha) => lsq(x, alpha[0]!, bits, out)),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [x, alpha] = saved as [Tensor, Scalar]
        const step = hostValues(alpha)[0]!
        let gradient = 0
        const dx = onHost([dy, x], x.shape, (dx, dy, x) => {
          gradient = lsqGrad(dy, x, step, bits, dx).dalpha
        })
        return [dx, scalar(gradient, 'float32')]
      },
    }
  })
  return operation(x, alpha)
}
