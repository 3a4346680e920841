import { readFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { version_core } from '@tensorflow/tfjs-core'
import { normal } from '../math/rng'
import { parseTrainConfig, type TrainConfig } from '../train/config'
import type { Dataset } from '../train/data/dataset'
import { endTraining, startTraining, trainStep } from '../train/training'
import { startBackend } from './backend'
import { type Milliseconds, inWords as sideInWords, summary, type Turn, Twin, timed } from './bench-twin'
import { type Command, oneOf, printResult, progressBar, text, wholeNumber } from './command'

const demo = fileURLToPath(new URL('../../public/demo/', import.meta.url))
const twin = fileURLToPath(new URL('../../scripts/bench/train_step.py', import.meta.url))
const warmUp = 5

const networks = { teacher: `${demo}mnist-teacher/config.json`, student: `${demo}mnist-lmb/config.json` }
type Network = keyof typeof networks

type Row = {
  network: Network
  parameters: number
  tfjs: Milliseconds
  /** null where there is no PyTorch. */
  pytorch: (Milliseconds & { layout: string }) | null
  /** Median of tfjs over median of PyTorch, in wall time and in processor time. */
  ratio: number | null
  cpuRatio: number | null
}

export const benchTrain: Command = {
  summary: 'time a training step against PyTorch',
  help: `usage: bench train [--only teacher|student] [--steps N] [--batch N] [--python FILE] [--json]

Times one step of the demo's trainings, forward, backward, clipping, AdamW and EMA, on random images: the teacher, and
the W1A4 student with two bases. scripts/bench/train_step.py trains the same network in PyTorch, checked by its number
of trained values, in the memory layout that is faster there. Both run on one thread and take turns, a step each, so
that whatever else the machine does slows both. ${warmUp} steps each to warm up are not counted. Milliseconds are wall time;
cpu is the median of processor time of the whole process, which other programs disturb less.

  --only NETWORK   teacher or student (default: both, one after the other)
  --steps N        steps timed on each side (default 25)
  --batch N        images in a step (default 32)
  --python FILE    a Python with PyTorch (default: $PYTHON, else python3); without it only this side is timed
  --json           one JSON document on stdout, with the facts of the machine`,
  options: {
    only: { type: 'string' },
    steps: { type: 'string' },
    batch: { type: 'string' },
    python: { type: 'string' },
    json: { type: 'boolean' },
  },
  async run(_positionals, flags) {
    const only = oneOf(flags, 'only', ['teacher', 'student', 'both'], 'both')
    const steps = wholeNumber(flags, 'steps', 25, [1, 10000])
    const batch = wholeNumber(flags, 'batch', 32, [1, 1024])
    const python = text(flags, 'python') ?? process.env.PYTHON ?? 'python3'
    await startBackend()
    const rows: Row[] = []
    let torch: string | null = null
    for (const network of only === 'both' ? (['teacher', 'student'] as const) : [only]) {
      const result = await timeNetwork(network, { steps, batch, python })
      torch ??= result.torch
      rows.push(result.row)
    }
    if (torch === null) console.error(`no PyTorch in ${python}: only this side is timed (see --python)`)
    const machine = {
      cpu: cpus()[0]?.model ?? 'unknown',
      cores: availableParallelism(),
      node: process.versions.node,
      tfjs: version_core,
      torch,
      threads: 1,
    }
    const header = `${machine.cpu}, ${machine.cores} cores; Node ${machine.node}, tfjs ${machine.tfjs}, torch ${torch ?? 'none'}; one thread; ${steps} steps of ${batch} images; ms`
    printResult(flags, { machine, steps, batch, warmUp, rows }, [header, ...rows.map(inWords)].join('\n'))
    return 0
  },
}

function inWords({ network, parameters, tfjs, pytorch, ratio, cpuRatio }: Row): string {
  const lines = [`${network}, ${parameters} trained values`, `  tfjs-wasm  ${sideInWords(tfjs)}`]
  if (pytorch) {
    lines.push(`  PyTorch    ${sideInWords(pytorch)} (${pytorch.layout})`)
    lines.push(`  ratio      ${ratio?.toFixed(2)} of medians, ${cpuRatio?.toFixed(2)} of processor time`)
  }
  return lines.join('\n')
}

/** Alternates steps of the trainer and of its PyTorch twin. Throws an Error if the two are not the same network. */
async function timeNetwork(
  network: Network,
  { steps, batch, python }: { steps: number; batch: number; python: string },
): Promise<{ row: Row; torch: string | null }> {
  const path = networks[network]
  const config = withTwoBases({ ...readConfig(path), batch })
  const data = randomImages()
  const training = await startTraining(config, dirname(path), data)
  const parameters = [...training.variables.values()].reduce((n, { value }) => n + value.length, 0)
  const other = await Twin.start<Greeting, Turn>(python, twin, twinJob(config), 'torch')
  try {
    if (other && other.greeting.parameters !== parameters)
      throw new Error(
        `PyTorch trains ${other.greeting.parameters} values, this side ${parameters}: not the same network`,
      )
    const [ours, theirs]: [Turn[], Turn[]] = [[], []]
    const progress = progressBar(network)
    for (let i = 0; i < warmUp + steps; i++) {
      const taken = await timed(() => trainStep(training, data))
      const takenThere = other && (await other.turn())
      progress((i + 1) / (warmUp + steps))
      if (i < warmUp) continue
      ours.push(taken)
      if (takenThere !== null) theirs.push(takenThere)
    }
    const tfjs = summary(ours)
    const pytorch = other && { ...summary(theirs), layout: other.greeting.layout }
    const ratio = pytorch && tfjs.median / pytorch.median
    const cpuRatio = pytorch && tfjs.cpu / pytorch.cpu
    return {
      row: { network, parameters, tfjs, pytorch, ratio, cpuRatio },
      torch: other?.greeting.torch ?? null,
    }
  } finally {
    other?.stop()
    endTraining(training)
  }
}

/** The twin has two bases in every binarized layer. */
function withTwoBases(config: TrainConfig): TrainConfig {
  if (config.role === 'teacher') return config
  return { ...config, binarizer: { ...config.binarizer, bases: 2, twoBases: 'all' } }
}

function readConfig(path: string): TrainConfig {
  return parseTrainConfig(JSON.parse(readFileSync(path, 'utf8')), path)
}

/** Images of the demo's shape, pixel unshuffled; what is on them does not change the time of a step. */
function randomImages(): Dataset {
  const count = 256
  return { count, shape: [4, 14, 14], data: normal(1, 0, new Float32Array(count * 4 * 14 * 14)) }
}

/** What train_step.py is told. A student's network is that of the demo's teacher. */
function twinJob({ role, batch, optimizer }: TrainConfig): object {
  const teacher = readConfig(networks.teacher)
  const { learningRate, weightDecay, clip, ema } = optimizer
  const model = teacher.role === 'teacher' ? teacher.model : null
  return { model, batch, student: role === 'student', learningRate, weightDecay, clip, ema }
}

type Greeting = { torch: string; parameters: number; layout: string }
