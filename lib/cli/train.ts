import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { drawSamples } from '../diagnostics/samples'
import { InputError } from '../tensor/error'
import { openTensors } from '../tensor/open'
import { bytesSource } from '../tensor/tensor'
import { parseTrainConfig } from '../train/config'
import { loadDataset } from '../train/data/dataset'
import { runTraining } from '../train/loop'
import { hasState, resumeTraining } from '../train/state'
import { checkpointBytes, endTraining, startTraining, type Training } from '../train/training'
import { flatten } from '../unet/architecture'
import { readCheckpoint } from '../unet/checkpoint'
import { startBackend } from './backend'
import { type Command, duration, onlyPositional, progressBar, text, wholeNumber } from './command'
import { pictureGrid } from './grid'
import { startLive } from './live'

export const train: Command = {
  summary: 'train a teacher, or a W1A4 student from its teacher',
  help: `usage: train CONFIG [--resume] [--out DIR] [--state DIR]

CONFIG is a JSON file, for example public/demo/mnist-lmb/config.json. Checkpoints (safetensors, EMA weights,
a manifest per layer) and log.jsonl go to the folder of CONFIG.

  --resume         go on from the last saved state; the result is the same as without the interruption
  --out DIR        folder for checkpoints and log (default: the folder of CONFIG)
  --state DIR      folder for the state (default: data/training/NAME)
  --datasets DIR   folder for data sets (default: data/datasets)
  --save-every N   steps between saved states (default 250)
  --live           show the run in the dashboard while it trains: log, checkpoints with their diagnosis and samples

"preset": "baseline", "v1" or "v5" in the CONFIG of a student stands for the recipe of that version of BinaryDM.
"samples": {"every": N} writes a picture of the EMA network's samples every N steps, always from the same noise.`,
  options: {
    resume: { type: 'boolean' },
    out: { type: 'string' },
    state: { type: 'string' },
    datasets: { type: 'string' },
    'save-every': { type: 'string' },
    live: { type: 'boolean' },
  },
  async run(positionals, flags) {
    const path = resolve(onlyPositional(positionals, 'CONFIG'))
    const config = parseTrainConfig(readJson(path), path)
    const out = text(flags, 'out') ?? dirname(path)
    const state = text(flags, 'state') ?? join('data/training', config.name)
    const saveEvery = wholeNumber(flags, 'save-every', 250, [1, 1e9])
    if (!flags.resume && hasState(state)) {
      throw new InputError({
        file: state,
        problem: 'a training of this name was started before',
        remedy: 'Go on with --resume, or delete the folder to start again.',
      })
    }
    await startBackend()
    const images = { ...config.data, path: config.data.path && resolve(dirname(path), config.data.path) }
    const data = await loadDataset(images, text(flags, 'datasets') ?? 'data/datasets')
    const training = await startTraining(config, dirname(path), data)
    const resumed = flags.resume ? await resumeTraining(training, state) : false
    const values = [...training.variables.values()].reduce((n, v) => n + v.value.length, 0)
    console.error(
      `${config.name}: ${config.role}, ${values} trained values, ${data.count} images, ` +
        `${resumed ? `resuming at step ${training.step}` : 'starting'} of ${config.steps}`,
    )
    const progress = progressBar(config.name)
    const teacher = config.role === 'student' ? resolve(dirname(path), config.teacher) : null
    const live = flags.live
      ? await startLive({
          config,
          manifest: training.manifest,
          teacher,
          log: join(out, 'log.jsonl'),
          step: training.step,
        })
      : null
    let warned = false
    await runTraining(training, {
      out,
      state,
      data,
      logEvery: macsOf(training) > slowStep ? 1 : 50,
      saveEvery,
      now: () => Date.now(),
      async onCheckpoint(file) {
        console.error(`wrote ${file}`)
        await live?.onCheckpoint(file)
      },
      onSamples: (training) => drawTraining(training, out),
      async onLog(line) {
        const { step, loss, secondsPerStep } = line
        const seconds = (config.steps - step) * secondsPerStep
        if (!warned && seconds > longTraining) console.error(tooLong(config.name, seconds))
        warned = true
        progress(step / config.steps, `loss ${loss}`)
        if (!process.stderr.isTTY)
          console.error(
            `step ${step}/${config.steps} loss ${loss} ${secondsPerStep} s/step, ${duration(seconds)} left`,
          )
        await live?.onLog(line)
      },
    })
    await live?.end()
    endTraining(training)
    return 0
  },
}

/** Two days. */
const longTraining = 2 * 86_400

/** Multiply-accumulates of a step from which every one is logged: half a minute and more on one core. */
const slowStep = 3e11

/** Forward pass, and twice as much backward, of a batch. */
function macsOf({ net, config }: Training): number {
  return 3 * config.batch * flatten(net).layers.reduce((sum, { macs }) => sum + macs, 0)
}

function tooLong(name: string, seconds: number): string {
  const days = Math.round(seconds / 86_400)
  return `${name}: about ${days} days at this rate. A network of this size is meant for a GPU; this trainer runs on one CPU core.`
}

/** Writes samples-NNNNNN.png beside the checkpoints: pictures of the EMA weights, the noise the same every time. */
async function drawTraining(training: Training, out: string): Promise<void> {
  const { images, steps, seed } = training.config.samples!
  const name = `samples-${String(training.step).padStart(6, '0')}.png`
  const file = await openTensors(bytesSource(name, checkpointBytes(training)))
  const drawn = await drawSamples(await readCheckpoint(file), { seed, images, steps, sampler: 'ddim' })
  const pixels = Buffer.from(drawn.pixels, 'base64')
  writeFileSync(join(out, name), pictureGrid({ ...drawn, pixels }))
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new InputError({
      file: path,
      problem: `it cannot be read as JSON (${(error as Error).message})`,
      remedy: 'Give the path of a training configuration.',
    })
  }
}
