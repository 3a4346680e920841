/** tfjs on WebAssembly in a browser worker: SIMD, one thread. A network has a worker of its own instead of threads. */
import { type BackendWasm, setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { backend, env, ready, setBackend } from '@tensorflow/tfjs-core'
import { InputError } from '../../lib/tensor/error'

let starting: Promise<void> | null = null

/** Starts the backend once; later calls wait for the same start. Throws an InputError if it cannot be had. */
export function startBackend(): Promise<void> {
  starting ??= start()
  return starting
}

/** Bytes of its WebAssembly memory, which grows with what is asked of it and never shrinks. */
export function backendMemory(): number {
  // the types of its module leave out what Emscripten puts there
  const { HEAPU8 } = (backend() as BackendWasm).wasm as unknown as { HEAPU8: Uint8Array }
  return HEAPU8.byteLength
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
