/** tfjs on WebAssembly in a browser worker: SIMD, one thread. A network has a worker of its own instead of threads. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env, ready, setBackend } from '@tensorflow/tfjs-core'
import { InputError } from '../../lib/tensor/error'

let starting: Promise<void> | null = null

/** Starts the backend once; later calls wait for the same start. Throws an InputError if it cannot be had. */
export function startBackend(): Promise<void> {
  starting ??= start()
  return starting
}

async function start(): Promise<void> {
  // The threaded binary builds its helper from the text of a function, which does not survive minification.
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setWasmPaths('/tfjs/')
  if (!(await setBackend('wasm')))
    throw new InputError({
      file: 'tfjs-backend-wasm',
      problem: 'the WebAssembly that runs networks could not be started',
      remedy: 'See whether the server still answers; it also takes a browser with WebAssembly switched on.',
    })
  await ready()
}
