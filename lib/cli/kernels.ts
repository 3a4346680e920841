/** The kernels of the one-bit engine in Node: the same files that pages load. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bestBuild, kernelFile } from '../engine/kernels'
import { InputError } from '../tensor/error'

const folder = fileURLToPath(new URL('../../public/engine/', import.meta.url))

/** The fastest build this Node can run, compiled. Throws an InputError where it was not made. */
export async function loadKernels(): Promise<WebAssembly.Module> {
  const name = kernelFile(bestBuild(), false)
  const bytes = await readFile(folder + name).catch(() => null)
  if (bytes) return WebAssembly.compile(bytes)
  throw new InputError({
    file: `public/engine/${name}`,
    problem: 'the kernels of the one-bit engine are not there',
    remedy: 'Make them: npx tsx scripts/kernels.ts.',
    code: 'not_found',
  })
}
