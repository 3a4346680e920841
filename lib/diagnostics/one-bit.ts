/** Students run at one bit by the packed engine, where the others run in tfjs (network.ts). */
import { type Engine, type EngineOptions, startEngine } from '../engine/engine'
import { oneBitObstacle } from '../record/precision'
import { InputError } from '../tensor/error'
import type { Checkpoint } from '../unet/checkpoint'
import { checkPredictsNoise, type RunNetwork } from './network'

/**
 * The engine of a student, on a build of its kernels. Throws an InputError for a network that is no student or is read in a way
 * the engine cannot run.
 */
export async function startOneBit(
  checkpoint: Checkpoint,
  kernels: WebAssembly.Module,
  options?: EngineOptions,
): Promise<Engine> {
  const problem = oneBitObstacle(Object.values(checkpoint.manifest))
  if (problem === null) return startEngine(checkpoint, kernels, options)
  throw new InputError({
    file: checkpoint.name,
    problem: `it does not run at one bit: ${problem}`,
    remedy: 'Give a W1A4 student with the steps of its inputs, or run it simulated, without the engine.',
    code: 'unsupported',
  })
}

/** As withNetwork, with the engine on this build of its kernels. */
export function runAtOneBit(kernels: WebAssembly.Module): RunNetwork {
  return async (checkpoint, use) => {
    checkPredictsNoise(checkpoint)
    const { predict } = await startOneBit(checkpoint, kernels)
    return use(predict)
  }
}
