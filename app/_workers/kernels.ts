/** The kernels of the one-bit engine in a browser worker. */
import { bestBuild, kernelFile } from '../../lib/engine/kernels'
import { InputError } from '../../lib/tensor/error'

/** The fastest build this browser can run, compiled, for threads if `shared`. Throws an InputError if the server does not give it. */
export async function loadKernels(shared: boolean): Promise<WebAssembly.Module> {
  const file = `/engine/${kernelFile(bestBuild(), shared)}`
  const response = await fetch(file).catch(() => null)
  if (response?.ok) return WebAssembly.compile(await response.arrayBuffer())
  throw new InputError({
    file,
    problem: `the kernels of the one-bit engine did not come (${response ? response.status : 'no answer'})`,
    remedy: 'See whether the server still runs; it makes them when it starts.',
  })
}
