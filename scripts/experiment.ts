/**
 * The experiment that ships as demo runs: every training of it, in order, two at a time, each resumed where it stopped.
 *
 *   npx tsx scripts/experiment.ts [--jobs N] [--only WORD]
 *
 * Trains in data/experiment/NAME (configuration, log, checkpoints), states in data/training/NAME. A run whose last
 * checkpoint is there is skipped, a student waits for its teacher. Several hours on two cores; stop and start at will.
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { checkpointName } from '../lib/train/loop'

const folder = 'data/experiment'

type Set = 'mnist' | 'fashion-mnist' | 'cifar10'
type Run = { name: string; steps: number; config: Record<string, unknown>; teacher?: string }

/** diffusers UNet2DModel: images come pixel-unshuffled by 2. */
const model = (size: number, channels: number, widths: [number, number]) => ({
  _class_name: 'UNet2DModel',
  sample_size: size,
  in_channels: channels,
  out_channels: channels,
  center_input_sample: false,
  time_embedding_type: 'positional',
  freq_shift: 1,
  flip_sin_to_cos: false,
  down_block_types: ['DownBlock2D', 'DownBlock2D'],
  up_block_types: ['UpBlock2D', 'UpBlock2D'],
  block_out_channels: widths,
  layers_per_block: 1,
  mid_block_scale_factor: 1,
  downsample_padding: 0,
  act_fn: 'silu',
  attention_head_dim: null,
  norm_num_groups: 8,
  norm_eps: 1e-6,
})

const teacherOptimizer = {
  learningRate: 1e-3,
  warmupSteps: 200,
  finalShare: 0.05,
  cycles: 1,
  clip: 1,
  ema: 0.999,
}

function teacher(
  set: Set,
  prefix: string,
  steps: number,
  net: object,
  { snapshots = [500], optimizer = {} } = {},
): Run {
  const name = `${prefix}-teacher`
  const config = {
    name,
    role: 'teacher',
    seed: 1,
    data: { set, pixelUnshuffle: 2 },
    batch: 32,
    steps,
    optimizer: { ...teacherOptimizer, ...optimizer },
    snapshots: [...snapshots, steps],
    model: net,
  }
  return { name, steps, config }
}

/** What the rows of the ablation are called, and what is switched on in each. */
const methods = {
  baseline: { binarizer: { method: 'sign', bases: 1, twoBases: 'all' } },
  lmb: { binarizer: { method: 'lmb', bases: 2, twoBases: 'v1' } },
  lrm: { binarizer: { method: 'sign', bases: 1, twoBases: 'all' }, lrm: {} },
  'lmb-lrm': { binarizer: { method: 'lmb', bases: 2, twoBases: 'v1' }, lrm: {} },
  v1: { binarizer: { method: 'lmb', bases: 2, twoBases: 'v1' }, lrm: {}, progressive: {} },
  v5: { binarizer: { method: 'ebb', bases: 2, twoBases: 'v1' }, lrm: {} },
  'lmb-lrm-normalised': {
    binarizer: { method: 'lmb', bases: 2, twoBases: 'v1' },
    lrm: { form: 'normalised', weight: 0.1 },
  },
}
type Method = keyof typeof methods

const studentSteps = 1000

function student(
  set: Set,
  teacher: Run,
  method: Method,
  { seed = 1, activationBits = 4, snapshots = [0, 50, 200] } = {},
): Run {
  const bits = activationBits === 4 ? '' : `-a${activationBits}`
  const name = `${teacher.name.replace('-teacher', '')}-${method}${bits}${seed === 1 ? '' : `-seed${seed}`}`
  const recipe = methods[method]
  const config = {
    name,
    role: 'student',
    seed,
    data: { set, pixelUnshuffle: 2 },
    batch: 32,
    steps: studentSteps,
    optimizer: { learningRate: 1e-3, scaleRate: 0.1, warmupSteps: 50, finalShare: 0, clip: 1, ema: 0.995 },
    snapshots: [...snapshots, studentSteps],
    teacher: `../${teacher.name}/${checkpointName(teacher.steps)}`,
    ...recipe,
    binarizer: { ...recipe.binarizer, activationBits, keptBits: 32 },
  }
  return { name, steps: studentSteps, config, teacher: teacher.name }
}

const mnistTeacher = teacher('mnist', 'mnist', 9000, model(14, 4, [32, 64]), {
  snapshots: [500, 4500],
  optimizer: { cycles: 2 },
})
const fashionTeacher = teacher('fashion-mnist', 'fashion', 6000, model(14, 4, [32, 64]))
const cifarTeacher = teacher('cifar10', 'cifar10', 5000, model(16, 12, [32, 64]))
const ablation: Method[] = ['baseline', 'v1', 'lmb', 'lmb-lrm', 'lrm', 'v5']
const repeated: Method[][] = [
  ['baseline', 'v1'],
  ['lmb', 'lmb-lrm'],
]
const last = { snapshots: [] }

/** In the order they are trained: what says most comes first. */
const runs: Run[] = [
  mnistTeacher,
  fashionTeacher,
  ...ablation.map((method) => student('mnist', mnistTeacher, method)),
  ...ablation.slice(0, 2).map((method) => student('fashion-mnist', fashionTeacher, method, last)),
  ...repeated.flatMap((methods) =>
    [2, 3].flatMap((seed) =>
      methods.map((method) => student('mnist', mnistTeacher, method, { ...last, seed })),
    ),
  ),
  cifarTeacher,
  ...(['baseline', 'v1'] as const).map((method) => student('cifar10', cifarTeacher, method, last)),
  ...ablation.slice(2).map((method) => student('fashion-mnist', fashionTeacher, method, last)),
  student('mnist', mnistTeacher, 'lmb-lrm-normalised', last),
  ...[8, 32].flatMap((activationBits) =>
    (['baseline', 'v1'] as const).map((method) =>
      student('mnist', mnistTeacher, method, { ...last, activationBits }),
    ),
  ),
]

const finalOf = ({ name, steps }: Run) => path.join(folder, name, checkpointName(steps))
const isDone = (run: Run) => existsSync(finalOf(run))

/** Writes the configuration unless it is there; another one there is an error of the operator. */
function writeConfig({ name, config }: Run): string {
  const file = path.join(folder, name, 'config.json')
  mkdirSync(path.dirname(file), { recursive: true })
  const text = `${JSON.stringify(config, null, 2)}\n`
  if (!existsSync(file)) writeFileSync(file, text)
  if (readFileSync(file, 'utf8') !== text)
    throw new Error(`${file} differs from the plan: move the folder away to train it again`)
  return file
}

/** One training as a process of low priority, its output in out.log beside the configuration. */
function train(run: Run): Promise<number | null> {
  const config = writeConfig(run)
  const out = openSync(path.join(folder, run.name, 'out.log'), 'a')
  const args = ['--import', 'tsx', 'lib/cli/main.ts', 'train', config, '--resume']
  const child = spawn(process.execPath, args, { stdio: ['ignore', out, out] })
  setPriority(child.pid!, constants.priority.PRIORITY_BELOW_NORMAL)
  return new Promise((resolve) =>
    child.once('exit', (code) => {
      closeSync(out)
      resolve(code)
    }),
  )
}

/** Takes the next run that can start, until none is left. */
async function lane(waiting: Run[]): Promise<void> {
  for (;;) {
    const next = waiting.findIndex(({ teacher }) => !teacher || isDone(runs.find((r) => r.name === teacher)!))
    const [run] = next < 0 ? [] : waiting.splice(next, 1)
    if (!run) {
      if (waiting.length === 0) return
      await new Promise((resolve) => setTimeout(resolve, 5000))
      continue
    }
    const started = Date.now()
    console.log(`${run.name}: training, ${waiting.length} wait`)
    const code = await train(run)
    const minutes = Math.round((Date.now() - started) / 60000)
    console.log(
      `${run.name}: ${code === 0 ? 'done' : `ended with code ${code}, see out.log`} after ${minutes} min`,
    )
    if (code !== 0) return
  }
}

const { values } = parseArgs({
  options: { jobs: { type: 'string', default: '2' }, only: { type: 'string' } },
})
const waiting = runs.filter((run) => !isDone(run) && run.name.includes(values.only ?? ''))
await Promise.all(Array.from({ length: Number(values.jobs) }, () => lane(waiting)))
