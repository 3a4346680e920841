/** tfjs on WebAssembly in a browser worker: SIMD, one thread. A network has a worker of its own instead of threads. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env, ready, setBackend } from '@tensorflow/tfjs-core'

let starting: Promise<void> | null = null

/** Starts the backend once; later calls wait for the same start. */
export function startBackend(): Promise<void> {
  starting ??= start()
  return starting
}

async function start(): Promise<void> {
  // The threaded binary builds its helper from the text of a function, which does not survive minification.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setWasmPaths('/tfjs/')
  if (!(await setBackend('wasm'))) throw new Error('this browser does not run WebAssembly here')
  await ready()
}
