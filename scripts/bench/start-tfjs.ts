import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env, getBackend, ready, setBackend } from '@tensorflow/tfjs-core'

/** tfjs on its SIMD binary, one thread. Throws an Error if another backend is what runs. */
export async function startTfjs(): Promise<void> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setWasmPaths('/tfjs/')
  await setBackend('wasm')
  await ready()
  if (getBackend() !== 'wasm') throw new Error(`tfjs runs on ${getBackend()}, not on wasm`)
}
