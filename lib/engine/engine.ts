/** A network that runs at one bit, in memory of its own; see plan.ts for what it does. */
import { tensor } from '@tensorflow/tfjs-core'
import { InputError } from '../tensor/error'
import type { Checkpoint } from '../unet/checkpoint'
import { type Tap, timestepSinusoids } from '../unet/forward'
import { toNCHW, toNHWC } from '../unet/unet'
import type { View } from './layout'
import { type Plan, planNetwork } from './plan'
import { startProgram, type Threads, valuesOf } from './run-program'

export type Engine = {
  /** eps for x (images, NCHW values) at timestep t, or one t per image; taps see each image's outputs by themselves. */
  predict(x: Float32Array, t: number | ArrayLike<number>, tap?: Tap): Float32Array
  /** Bytes of its memory, which hold everything. */
  memoryBytes: number
  oneBit: Plan['oneBit']
}

export type EngineOptions = {
  /** Height and width of the images; those of the network by default. */
  size?: number
  /** Whether modules can be tapped, which costs steps of their own. */
  taps?: boolean
  /** Shares out every step; the module must then be a shared build. Where modules are tapped one thread does all. */
  threads?: Threads
}

/**
 * Lays out the network of a checkpoint and starts it on a build of the kernels. Throws an InputError for a network it cannot run, and
 * from predict() for values that are not finite.
 */
export async function startEngine(
  checkpoint: Checkpoint,
  module: WebAssembly.Module,
  { size = checkpoint.config.sampleSize, taps = false, threads }: EngineOptions = {},
): Promise<Engine> {
  const { config, name } = checkpoint
  const shared = threads && { ...threads, count: taps ? 1 : threads.count }
  const plan = planNetwork(checkpoint, size, taps, shared?.count)
  const { memory, floats, pass } = await startProgram(plan, module, shared)
  const faults = new Int32Array(memory.buffer, plan.fault, 1)

  /** Shows each mark to the tap when its steps are done. */
  function showing(tap: Tap): (done: number) => void {
    let next = 0
    return (done) => {
      for (; next < plan.marks.length && plan.marks[next]!.after === done; next++) see(tap, plan.marks[next]!)
    }
  }

  function see(tap: Tap, { id, view }: { id: string; view: View }): void {
    const { height, width, channels } = view
    const flat = height * width === 1
    const output = tensor(valuesOf(floats, view), flat ? [1, channels] : [1, height, width, channels])
    tap(id, output)
    output.dispose()
  }

  return {
    memoryBytes: memory.buffer.byteLength,
    oneBit: plan.oneBit,
    predict(x, t, tap) {
      const pixels = size * size
      const images = x.length / (config.inChannels * pixels)
      const eps = new Float32Array(images * config.outChannels * pixels)
      const [own, made] = [config.inChannels * pixels, config.outChannels * pixels]
      for (let image = 0; image < images; image++) {
        const timestep = typeof t === 'number' ? t : t[image]!
        const input = x.subarray(image * own, (image + 1) * own)
        floats.set(timestepSinusoids([timestep], config), plan.sinusoid.at / 4)
        floats.set(toNHWC(input, [1, config.inChannels, size, size]), plan.x.at / 4)
        faults[0] = 0
        pass(tap && showing(tap))
        if (faults[0] !== 0) throw notFinite(name, timestep)
        eps.set(toNCHW(valuesOf(floats, plan.eps), [1, size, size, config.outChannels]), image * made)
      }
      return eps
    },
  }
}

function notFinite(file: string, t: number): InputError {
  return new InputError({
    file,
    problem: `a value inside the network is not finite at timestep ${t}`,
    remedy: 'Run audit on the checkpoint: it names the tensors that are not finite.',
  })
}
