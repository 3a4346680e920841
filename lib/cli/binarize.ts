import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { sample as sampleSteps, startingNoise } from '../diffusion/sample'
import { samplingOf } from '../diffusion/scheduler-config'
import { basisPlaces } from '../quant/basis-places'
import { type BinarizedLayer, postTrainingBinarize } from '../quant/binarizer'
import { manifestFor } from '../quant/manifest'
import { initStep, weightLsq } from '../quant/weight-lsq'
import { methods } from '../record/methods'
import type { Manifest } from '../record/precision'
import { InputError } from '../tensor/error'
import type { Tensor } from '../tensor/tensor'
import { initialAlphas } from '../train/step'
import { architecture } from '../unet/architecture'
import { type About, type Checkpoint, writeCheckpoint } from '../unet/checkpoint'
import { predictNoise } from '../unet/predict'
import { toNHWC, UNet } from '../unet/unet'
import { startBackend } from './backend'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  needed,
  oneOf,
  onlyPositional,
  printResult,
  progressBar,
} from './command'
import { outputFile } from './forward'
import { type Opened, openCheckpoint } from './open'

const binaryMethods = methods.filter((method) => method !== 'fp' && method !== 'lsq')

export const binarize: Command = {
  summary: 'binarize the weights of a checkpoint without training',
  help: `usage: binarize FILE --method M [--bases N] [--activation-bits B] [--effective] --out FILE.safetensors

Every conv and linear layer but the first, the last and the time MLP is binarized, whatever the method: sigma1 = mean|w| per output channel,
with two bases sigma2 = mean|r| of the residual r. The result is a student that every command reads: latent weights,
a manifest per layer, and for each binarized layer ID
  ID.sigma1, ID.sigma2     scales, one per output channel, F32
  ID.sign1, ID.sign2       signs (+1, -1), I8 in the shape of the weight; ID.weight is about sigma1*sign1 + sigma2*sign2

  --method M               sign, xnor, lmb or ebb; they differ in how a training would go on from here
  --bases N                1 or 2 (default: 2 for lmb and ebb, 1 for the others)
  --two-bases WHERE        layers with the second basis: all (default), v1 (head and tail of the network, feature scale at
                           least 1/2), released-code (input blocks 0-5, output blocks 6-11), first-6-last-5 (blocks)
  --activation-bits B      32 (default), 8 or 4; the LSQ steps are set from inputs on the checkpoint's own samples
  --kept-bits B            32 (default) or 8 for the layers that are not binarized: 8-bit weights with a step per
                           output channel, ID.step, and 8-bit inputs unless --activation-bits is 32
  --effective              write the float weights the signs and scales stand for, in place of the latent ones
  --out FILE               safetensors file to write
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    method: { type: 'string' },
    bases: { type: 'string' },
    'two-bases': { type: 'string' },
    'activation-bits': { type: 'string' },
    'kept-bits': { type: 'string' },
    effective: { type: 'boolean' },
    out: { type: 'string' },
  },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    needed(flags, 'method')
    const method = oneOf(flags, 'method', binaryMethods, 'sign')
    const bases =
      oneOf(flags, 'bases', ['1', '2'], method === 'lmb' || method === 'ebb' ? '2' : '1') === '2' ? 2 : 1
    const where = oneOf(flags, 'two-bases', basisPlaces, 'all')
    const bits = oneOf(flags, 'activation-bits', ['32', '8', '4'], '32')
    const activationBits = bits === '32' ? 32 : bits === '8' ? 8 : 4
    const keptBits = oneOf(flags, 'kept-bits', ['32', '8'], '32') === '8' ? 8 : 32
    if (flags.effective && activationBits !== 32) {
      throw new InputError({
        file: '--effective',
        problem: 'effective weights are a full-precision checkpoint, which has no activation bits',
        remedy: 'Leave out --effective or --activation-bits.',
      })
    }
    const out = outputFile(needed(flags, 'out'))
    const opened = await openCheckpoint(path, flags)
    const { checkpoint } = opened
    mustBeFullPrecision(checkpoint)
    const manifest = manifestFor(checkpoint.layers, { method, bases, activationBits, where, keptBits })
    const layers = new Map<string, BinarizedLayer>()
    for (const [id, precision] of Object.entries(manifest)) {
      if (precision.bases === 0) continue
      layers.set(id, postTrainingBinarize(checkpoint.tensors.get(`${id}.weight`)!, method, precision.bases))
    }
    const steps = new Map<string, Float32Array>()
    for (const [id, precision] of Object.entries(manifest)) {
      const { data, shape } = checkpoint.tensors.get(`${id}.weight`)!
      if (precision.method === 'lsq') steps.set(id, initStep(data, shape[0]!))
    }
    if (flags.effective) writeFileSync(out, effectiveBytes(checkpoint, layers, steps))
    else {
      const alphas =
        activationBits === 32 ? new Map<string, number>() : await calibrate(opened, manifest, layers, steps)
      const settings = { postTraining: true, method, bases, twoBases: where, activationBits, keptBits }
      writeFileSync(out, studentBytes(opened, manifest, layers, steps, alphas, settings))
    }
    const result = {
      out,
      method,
      bases,
      activationBits,
      layers: layers.size,
      kept: checkpoint.layers.length - layers.size,
    }
    printResult(
      flags,
      result,
      `wrote ${out}: ${layers.size} layers binarized by ${method}, ${result.kept} kept`,
    )
    return 0
  },
}

function mustBeFullPrecision({ name, manifest }: Checkpoint): void {
  const binarized = Object.entries(manifest).find(([, precision]) => precision.method !== 'fp')
  if (!binarized) return
  throw new InputError({
    file: name,
    item: binarized[0],
    problem: `this layer is ${binarized[1].bases > 0 ? 'binarized' : 'quantized'} already`,
    remedy: 'Give the full-precision teacher.',
  })
}

/** The same network with the float weights its binarization stands for. */
function effectiveBytes(
  checkpoint: Checkpoint,
  layers: Map<string, BinarizedLayer>,
  steps: Map<string, Float32Array>,
): Uint8Array {
  const values = new Map(checkpoint.tensors)
  for (const [id, { effective }] of layers) values.set(`${id}.weight`, effective)
  for (const [id, step] of steps) {
    const { shape, data } = values.get(`${id}.weight`)!
    values.set(`${id}.weight`, { shape, data: weightLsq(data, step) })
  }
  return writeCheckpoint(values, { ...checkpoint.about, run: null, manifest: {} }, false)
}

function studentBytes(
  { checkpoint, path }: Opened,
  manifest: Manifest,
  layers: Map<string, BinarizedLayer>,
  steps: Map<string, Float32Array>,
  alphas: Map<string, number>,
  settings: Record<string, unknown>,
): Uint8Array {
  const values = valuesOf(checkpoint, layers, steps)
  for (const [id, alpha] of alphas) values.set(`${id}.alpha`, vector(Float32Array.of(alpha)))
  const signs = new Map<string, Tensor>()
  for (const [id, layer] of layers) {
    const { shape } = layer.effective
    layer.signs.forEach((plane, i) => {
      signs.set(`${id}.sign${i + 1}`, { shape, data: Float32Array.from(plane) })
    })
  }
  const about: Omit<About, 'version'> = {
    ...checkpoint.about,
    manifest,
    run: null,
    role: 'student',
    step: 0,
    teacherSha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
    settings,
  }
  return writeCheckpoint(values, about, false, signs)
}

/** Latent tensors and scales by name. */
function valuesOf(
  checkpoint: Checkpoint,
  layers: Map<string, BinarizedLayer>,
  steps: Map<string, Float32Array>,
): Map<string, Tensor> {
  const values = new Map(checkpoint.tensors)
  for (const [id, step] of steps) values.set(`${id}.step`, vector(step))
  for (const [id, { scales }] of layers) {
    values.set(`${id}.sigma1`, vector(scales.sigma1))
    if (scales.sigma2) values.set(`${id}.sigma2`, vector(scales.sigma2))
  }
  return values
}

function vector(data: Float32Array): Tensor {
  return { shape: [data.length], data }
}

/** Images and steps of the trajectory LSQ steps are set from. */
const calibration = { seed: 7, images: 4, steps: 10 }

/** LSQ steps by layer, from what each sees on states of the checkpoint's own DDIM sampling, all timesteps in one batch. */
async function calibrate(
  { checkpoint, given, scheduler }: Opened,
  manifest: Manifest,
  layers: Map<string, BinarizedLayer>,
  weightSteps: Map<string, Float32Array>,
): Promise<Map<string, number>> {
  await startBackend()
  const { config, tensors, name } = checkpoint
  const { images, seed, steps } = calibration
  const { inChannels: c, sampleSize: s } = config
  const unet = new UNet(config, tensors, name)
  const sampling = samplingOf(checkpoint, { scheduler, config: given })
  const progress = progressBar('calibrating')
  const states: { t: number; x: Float32Array }[] = []
  const xT = startingNoise(seed, images, c * s * s)
  for (const step of sampleSteps((x, t) => predictNoise(unet, x, t), xT, { ...sampling, steps, images })) {
    states.push({ t: step.t, x: step.xt })
    progress(step.step / step.steps)
  }
  unet.dispose()
  const batch = new Float32Array(states.length * xT.length)
  for (const [i, { x }] of states.entries()) batch.set(x, i * xT.length)
  const count = states.length * images
  return initialAlphas(architecture(config), manifest, valuesOf(checkpoint, layers, weightSteps), {
    shape: [count, s, s, c],
    x: toNHWC(batch, [count, c, s, s]),
    t: Int32Array.from({ length: count }, (_, i) => states[Math.floor(i / images)]!.t),
    noise: new Float32Array(0),
  })
}
