/** What runs a network here: tfjs, or the one-bit engine where --engine asks for it. */
import { type RunNetwork, withNetwork } from '../diagnostics/network'
import { runAtOneBit } from '../diagnostics/one-bit'
import { startBackend } from './backend'
import type { Flags } from './command'
import { loadKernels } from './kernels'

/** Help of --engine, for every command that has it. */
export const engineHelp = `  --engine         run students at one bit, by the packed engine, instead of simulated in floats; inputs that lie on the edge
                   of two codes may then be rounded the other way`

/** Starts what the flags ask for. */
export async function networkRunner(flags: Flags): Promise<RunNetwork> {
  if (flags.engine) return runAtOneBit(await loadKernels())
  await startBackend()
  return withNetwork
}
