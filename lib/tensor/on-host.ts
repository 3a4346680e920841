/**
 * tfjs tensors as plain arrays, for operations that are one loop over the values. On the wasm backend the arrays
 * are views into its memory, so nothing is copied and nothing is left for the garbage collector; elsewhere they
 * are copies. Views die when the backend allocates: read and write them at once, never keep them.
 */
import { engine, type Tensor, type TensorInfo, tensor } from '@tensorflow/tfjs-core'

/** What of tfjs-backend-wasm is needed here. */
type WasmBackend = {
  wasm: { HEAPU8: Uint8Array }
  getMemoryOffset(dataId: object): number
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo
}

function wasmBackend(): WasmBackend | null {
  const backend: object = engine().backend
  return 'wasm' in backend && 'makeOutput' in backend ? (backend as WasmBackend) : null
}

function view(backend: WasmBackend, { dataId, shape }: { dataId: object; shape: number[] }): Float32Array {
  const size = shape.reduce((n, d) => n * d, 1)
  return new Float32Array(backend.wasm.HEAPU8.buffer, backend.getMemoryOffset(dataId), size)
}

/** The float32 values of a tensor, to be read before anything else is computed. */
export function hostValues(x: Tensor): Float32Array {
  const backend = wasmBackend()
  return backend ? view(backend, x) : (x.dataSync() as Float32Array)
}

/**
 * A new tensor of the given shape whose values `fill` writes; `out` holds arbitrary values before. `fill` gets
 * the inputs in order and must not call tfjs. The caller owns the result.
 */
export function onHost<T extends Tensor>(
  inputs: readonly Tensor[],
  shape: readonly number[],
  fill: (out: Float32Array, ...inputs: Float32Array[]) => void,
): T {
  const backend = wasmBackend()
  if (!backend) {
    const out = new Float32Array(shape.reduce((n, d) => n * d, 1))
    fill(out, ...inputs.map(hostValues))
    return tensor(out, [...shape]) as T
  }
  const output = backend.makeOutput([...shape], 'float32')
  fill(view(backend, output), ...inputs.map((x) => view(backend, x)))
  return engine().makeTensorFromTensorInfo(output) as T
}
