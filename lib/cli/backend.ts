/** tfjs on WebAssembly in Node: the same binary, single-threaded with SIMD, that the browser runs. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env, ready, setBackend } from '@tensorflow/tfjs-core'

/** Starts the backend once; later calls return at once. */
export async function startBackend(): Promise<void> {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  const entry = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')
  setWasmPaths(`${join(dirname(entry))}/`)
  await setBackend('wasm')
  await ready()
}
