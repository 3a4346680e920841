import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { InputError } from '../tensor/error'
import { parseTrainConfig } from '../train/config'
import { loadDataset } from '../train/dataset'
import { runTraining } from '../train/loop'
import { hasState, resumeTraining } from '../train/state'
import { endTraining, startTraining } from '../train/training'
import { startBackend } from './backend'
import { type Command, duration, onlyPositional, progressBar, text, wholeNumber } from './command'

export const train: Command = {
  summary: 'train a teacher, or a W1A4 student from its teacher',
  help: `usage: train CONFIG [--resume] [--out DIR] [--state DIR]

CONFIG is a JSON file, for example public/demo/mnist-lmb/config.json. Checkpoints (safetensors, EMA weights,
a manifest per layer) and log.jsonl go to the folder of CONFIG.

  --resume         go on from the last saved state; the result is the same as without the interruption
  --out DIR        folder for checkpoints and log (default: the folder of CONFIG)
  --state DIR      folder for the state (default: data/training/NAME)
  --datasets DIR   folder for data sets (default: data/datasets)
  --save-every N   steps between saved states (default 250)`,
  options: {
    resume: { type: 'boolean' },
    out: { type: 'string' },
    state: { type: 'string' },
    datasets: { type: 'string' },
    'save-every': { type: 'string' },
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
    const data = await loadDataset(config.data, text(flags, 'datasets') ?? 'data/datasets')
    const training = await startTraining(config, dirname(path), data)
    const resumed = flags.resume ? await resumeTraining(training, state) : false
    const values = [...training.variables.values()].reduce((n, v) => n + v.value.length, 0)
    console.error(
      `${config.name}: ${config.role}, ${values} trained values, ${data.count} images, ` +
        `${resumed ? `resuming at step ${training.step}` : 'starting'} of ${config.steps}`,
    )
    const progress = progressBar(config.name)
    await runTraining(training, {
      out,
      state,
      data,
      logEvery: 50,
      saveEvery,
      now: () => Date.now(),
      onCheckpoint: (file) => console.error(`wrote ${file}`),
      onLog: ({ step, loss, secondsPerStep }) => {
        const left = duration((config.steps - step) * secondsPerStep)
        progress(step / config.steps, `loss ${loss}`)
        if (!process.stderr.isTTY)
          console.error(`step ${step}/${config.steps} loss ${loss} ${secondsPerStep} s/step, ${left} left`)
      },
    })
    endTraining(training)
    return 0
  },
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
