import { writeFileSync } from 'node:fs'
import { toPictures } from '../diffusion/pixels'
import { type SampleStep, samplerNames, sample as sampleSteps, startingNoise } from '../diffusion/sample'
import { timestepRules } from '../diffusion/schedule'
import { samplingOf } from '../diffusion/scheduler-config'
import { scheduleNames } from '../record/run'
import { InputError } from '../tensor/error'
import { writeSafetensors } from '../tensor/safetensors'
import type { Tensor } from '../tensor/tensor'
import type { Checkpoint } from '../unet/checkpoint'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  needed,
  number,
  oneOf,
  onlyPositional,
  printResult,
  progressBar,
  text,
  wholeNumber,
} from './command'
import { checkImages, outputFile } from './forward'
import { pictureGrid } from './grid'
import { openCheckpoint, readTensor } from './open'
import { engineHelp, networkRunner } from './run-network'

export const sample: Command = {
  summary: 'draw samples from a checkpoint',
  help: `usage: sample FILE [--seed N | --x TENSOR] [--sampler S] [--steps N] [--eta E] --out FILE

FILE is a checkpoint or a diffusers folder; a student runs binarized, as its manifest says. --out NAME.png writes a grid
of pictures, any other name a safetensors file with x_final (NCHW).

  --seed N             starting noise, and noise on the way (default 7)
  --x TENSOR           starting noise x_T (B, C, S, S): a .npy file or FILE.safetensors:NAME
  --images N           images to draw from the seed (default 16)
  --sampler S          ddim (default) or ddpm
  --steps N            sampling steps (default 50)
  --eta E              noise of ddim: 0 (default) is deterministic, 1 as noisy as ddpm
  --schedule S         ddim, diffusers or ldm (default: that of the family, with the flags of
                       scheduler_config.json where there is one); betas are the file's, else the configuration's, else
                       those of scheduler_config.json, else the family's
  --clip, --no-clip    clip predicted x_0 to [-1, 1] (default: as the schedule's code base does)
  --timesteps RULE     uniform (default) or quad
  --trace              also x_1..x_N (states) and x0_1..x0_N (predicted x_0)
  --out FILE           file to write
${engineHelp}
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    seed: { type: 'string' },
    x: { type: 'string' },
    images: { type: 'string' },
    sampler: { type: 'string' },
    steps: { type: 'string' },
    eta: { type: 'string' },
    schedule: { type: 'string' },
    clip: { type: 'boolean' },
    'no-clip': { type: 'boolean' },
    timesteps: { type: 'string' },
    trace: { type: 'boolean' },
    engine: { type: 'boolean' },
    out: { type: 'string' },
  },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const out = outputFile(needed(flags, 'out'))
    const options = readOptions(flags)
    const { checkpoint, given, scheduler } = await openCheckpoint(path, flags)
    const sampling = samplingOf(checkpoint, { scheduler, config: given }, options.schedule)
    const xT = await startOf(checkpoint, flags, options.seed)
    const run = await networkRunner(flags)
    const [images, , size] = xT.shape as [number, number, number, number]
    const progress = progressBar(`sampling ${checkpoint.name}`)
    const trace: SampleStep[] = []
    const sized = { ...checkpoint, config: { ...checkpoint.config, sampleSize: size } }
    const last = await run(sized, async (predict) => {
      let last: SampleStep | undefined
      for (const step of sampleSteps(predict, xT.data, {
        ...sampling,
        clip: options.clip ?? sampling.clip,
        sampler: options.sampler,
        steps: options.steps,
        eta: options.eta,
        rule: options.rule,
        seed: options.seed,
        images,
      })) {
        last = step
        if (flags.trace) trace.push(step)
        progress(step.step / step.steps)
      }
      return last!
    })
    const final: Tensor = { shape: xT.shape, data: last.x }
    const bytes = out.toLowerCase().endsWith('.png') ? grid(final, checkpoint) : tensorFile(final, trace)
    writeFileSync(out, bytes)
    const about = { sampler: options.sampler, steps: last.steps, schedule: sampling.schedule.name, images }
    printResult(
      flags,
      { out, ...about },
      `wrote ${out}: ${images} images, ${about.sampler} ${about.steps} steps`,
    )
    return 0
  },
}

function readOptions(flags: Flags) {
  if (flags.clip && flags['no-clip']) {
    throw new InputError({
      file: '--clip',
      problem: 'it is given with --no-clip',
      remedy: 'Give one of them.',
    })
  }
  const named = text(flags, 'schedule')
  const eta = number(flags, 'eta', 0)
  if (eta < 0 || eta > 1) {
    throw new InputError({ file: '--eta', problem: `${eta} is not between 0 and 1`, remedy: 'See --help.' })
  }
  return {
    seed: wholeNumber(flags, 'seed', 7, [0, Number.MAX_SAFE_INTEGER]),
    sampler: oneOf(flags, 'sampler', samplerNames, 'ddim'),
    steps: wholeNumber(flags, 'steps', 50, [1, 1_000_000]),
    eta,
    schedule: named === undefined ? undefined : oneOf(flags, 'schedule', scheduleNames, 'ddim'),
    clip: flags.clip ? true : flags['no-clip'] ? false : undefined,
    rule: oneOf(flags, 'timesteps', timestepRules, 'uniform'),
  }
}

/** x_T: given, or drawn from the seed image by image. */
async function startOf(checkpoint: Checkpoint, flags: Flags, seed: number): Promise<Tensor> {
  const { inChannels: c, outChannels, sampleSize: s } = checkpoint.config
  if (outChannels !== c) {
    throw new InputError({
      file: checkpoint.name,
      item: 'conv_out',
      problem: `${outChannels} channels come out, ${c} go in; only networks that predict the noise alone are sampled`,
      remedy: 'Use forward to look at its outputs.',
    })
  }
  const argument = text(flags, 'x')
  if (argument === undefined) {
    const images = wholeNumber(flags, 'images', 16, [1, 4096])
    return { shape: [images, c, s, s], data: startingNoise(seed, images, c * s * s) }
  }
  if (flags.seed !== undefined && !flags.sampler && !flags.eta) {
    throw new InputError({ file: '--seed', problem: 'it is given with --x', remedy: 'Give one of them.' })
  }
  const x = await readTensor(argument)
  checkImages(x, checkpoint, argument)
  if (x.shape[2] === x.shape[3]) return x
  throw new InputError({
    file: argument,
    problem: `the images are ${x.shape[2]}x${x.shape[3]}`,
    remedy: 'Give square images.',
  })
}

function tensorFile(final: Tensor, trace: SampleStep[]): Uint8Array {
  const tensors = new Map([['x_final', { tensor: final, dtype: 'F32' as const }]])
  for (const [prefix, key] of [
    ['x_', 'x'],
    ['x0_', 'x0'],
  ] as const) {
    for (const step of trace) {
      tensors.set(`${prefix}${step.step}`, { tensor: { shape: final.shape, data: step[key] }, dtype: 'F32' })
    }
  }
  const timesteps = trace.map(({ t }) => t).join(',')
  const metadata = new Map([['layout', 'NCHW'], ...(timesteps ? [['timesteps', timesteps] as const] : [])])
  return writeSafetensors(tensors, metadata)
}

/** The images as one picture, as square as can be, row by row. */
function grid({ shape, data }: Tensor, { name, about }: Checkpoint): Uint8Array {
  const [images, c, h, w] = shape as [number, number, number, number]
  const r = about.pixelUnshuffle
  if (c % (r * r) !== 0 || ![1, 3].includes(c / (r * r))) {
    throw new InputError({
      file: name,
      problem: `${c} channels are neither grey nor colour`,
      remedy: 'Write tensors: give --out a name that ends in .safetensors.',
    })
  }
  const pictures = toPictures(data, [images, c, h, w], r)
  return pictureGrid({ ...pictures, images, channels: pictures.channels === 3 ? 3 : 1 })
}
