import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { histogramBins, weightStats } from '../diagnostics/weights'
import { normal } from '../math/rng'
import { fullPrecisionLayer } from '../record/precision'
import type { WeightStats } from '../record/run'
import { writeSafetensors } from '../tensor/safetensors'
import { type DType, sizeOf, type Tensor } from '../tensor/tensor'
import { parseTrainConfig } from '../train/config'
import { layerList } from '../unet/architecture'
import { parseConfig, type UNetConfig } from '../unet/config'
import { parameterShapes } from '../unet/unet'
import { inWords, type Milliseconds, summary, type Turn, Twin, timed } from './bench-twin'
import { type Command, type Flags, printResult, progressBar, text, wholeNumber } from './command'
import { withTensors } from './open'

const network = fileURLToPath(new URL('../../docs/configs/cifar10-ddim.json', import.meta.url))
const twin = fileURLToPath(new URL('../../scripts/bench/weight_stats.py', import.meta.url))
const warmUp = 1

export const benchImport: Command = {
  summary: 'time the weight statistics of an import against NumPy',
  help: `usage: bench import [--passes N] [--python FILE] [--json]

Times reading a checkpoint of the size of the paper's CIFAR-10 network (136 MiB, random weights) and computing all weight
statistics of its layers, as import and the browser do. scripts/bench/weight_stats.py computes the same in NumPy, checked
number by number. Both read the same file from the system's cache on one thread and take turns, so that whatever else the
machine does slows both; ${warmUp} pass each to warm up is not counted. Milliseconds are wall time; cpu is processor time.

  --passes N       passes timed on each side (default 5)
  --python FILE    a Python with NumPy (default: $PYTHON, else python3); without it only this side is timed
  --json           one JSON document on stdout, with the facts of the machine`,
  options: { passes: { type: 'string' }, python: { type: 'string' }, json: { type: 'boolean' } },
  async run(_positionals, flags) {
    const folder = mkdtempSync(join(tmpdir(), 'signscope-bench-'))
    try {
      return await timeImport(join(folder, 'cifar10-ddim.safetensors'), flags)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

async function timeImport(file: string, flags: Flags): Promise<number> {
  const passes = wholeNumber(flags, 'passes', 5, [1, 1000])
  const python = text(flags, 'python') ?? process.env.PYTHON ?? 'python3'
  const config = networkConfig()
  const bytes = writeRandomWeights(file, config)
  const layers = layerList(config).map(({ id }) => `${id}.weight`)
  const job = { file, layers, bins: histogramBins }
  const numpy = await Twin.start<Greeting, Answer>(python, twin, job, 'numpy')
  const [ours, theirs]: [Turn[], Turn[]] = [[], []]
  const progress = progressBar('import')
  try {
    for (let i = 0; i < warmUp + passes; i++) {
      let found: WeightStats[] = []
      const turn = await timed(async () => {
        found = await statisticsOf(file, layers)
      })
      const answer = await numpy?.turn()
      progress((i + 1) / (warmUp + passes))
      if (answer) checkEqual(layers, found, answer.layers)
      if (i < warmUp) continue
      ours.push(turn)
      if (answer) theirs.push(answer)
    }
  } finally {
    numpy?.stop()
  }
  if (!numpy) console.error(`no NumPy in ${python}: only this side is timed (see --python)`)
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    node: process.versions.node,
    numpy: numpy?.greeting.numpy ?? null,
    python: numpy?.greeting.python ?? null,
    threads: 1,
  }
  const result = { machine, bytes, layers: layers.length, passes, warmUp, ...ratios(summary(ours), theirs) }
  printResult(flags, result, describe(result))
  return 0
}

type Greeting = { numpy: string; python: string }
type Answer = Turn & { layers: NumpyLayer[] }
type NumpyLayer = ReturnType<typeof comparable>

type Ratios = {
  signscope: Milliseconds
  /** null where there is no NumPy. */
  numpy: Milliseconds | null
  /** How many times faster than NumPy, of medians, in wall time and in processor time. */
  faster: number | null
  cpuFaster: number | null
}

function ratios(signscope: Milliseconds, theirs: Turn[]): Ratios {
  const numpy = theirs.length > 0 ? summary(theirs) : null
  return {
    signscope,
    numpy,
    faster: numpy && numpy.median / signscope.median,
    cpuFaster: numpy && numpy.cpu / signscope.cpu,
  }
}

function describe(
  result: Ratios & {
    machine: { cpu: string; node: string; numpy: string | null }
    bytes: number
    layers: number
  },
): string {
  const { machine, bytes, layers, signscope, numpy, faster, cpuFaster } = result
  return [
    `${machine.cpu}; Node ${machine.node}, numpy ${machine.numpy ?? 'none'}; one thread; ${layers} layers, ${(bytes / 2 ** 20).toFixed(0)} MiB; ms`,
    `  Signscope  ${inWords(signscope)}`,
    ...(numpy ? [`  NumPy      ${inWords(numpy)}`] : []),
    ...(numpy
      ? [`  faster     ${faster?.toFixed(2)} times by medians, ${cpuFaster?.toFixed(2)} by processor time`]
      : []),
  ].join('\n')
}

function networkConfig(): UNetConfig {
  const config = parseTrainConfig(JSON.parse(readFileSync(network, 'utf8')), network)
  if (config.role !== 'teacher') throw new Error(`${network} trains no teacher`)
  return parseConfig(config.model, network)
}

/** Normal weights of deviation 0.05 in every tensor of the network; the bytes written. */
function writeRandomWeights(path: string, config: UNetConfig): number {
  const tensors = new Map<string, { tensor: Tensor; dtype: DType }>()
  for (const [name, shape] of parameterShapes(config)) {
    const data = normal(1, tensors.size, new Float32Array(sizeOf(shape)))
    for (let i = 0; i < data.length; i++) data[i]! *= 0.05
    tensors.set(name, { tensor: { shape: [...shape], data }, dtype: 'F32' })
  }
  const bytes = writeSafetensors(tensors)
  writeFileSync(path, bytes)
  return bytes.length
}

async function statisticsOf(path: string, layers: readonly string[]): Promise<WeightStats[]> {
  return withTensors(path, async (file) => {
    const all: WeightStats[] = []
    for (const layer of layers) {
      const stored = await file.read(layer)
      all.push(
        weightStats({ precision: fullPrecisionLayer, stored, scales: {}, teacher: null, file: path, layer }),
      )
    }
    return all
  })
}

/** The numbers of a layer both sides are compared by. */
function comparable({ latent, channels }: WeightStats) {
  if (!latent || !channels) throw new Error('random weights without statistics')
  const { mean, std, kurtosis, meanAbs, min, max, nonFinite } = latent.moments
  return {
    ...{ mean, std, kurtosis, meanAbs, min, max, nonFinite },
    counted: latent.histogram.counts.reduce((sum, count) => sum + count, 0),
    flat: channels.flat,
    positive: channels.positive.median,
    sigma1: channels.sigma1.median,
    sigma2: channels.sigma2.median,
    oneBasisSqnr: channels.oneBasisSqnr,
    twoBasesSqnr: channels.twoBasesSqnr,
  }
}

/**
 * NumPy takes residuals and their squares in float32; its histogram puts values on a bin's edge by another
 * rounding. Throws an Error where the two differ by more.
 */
function checkEqual(
  names: readonly string[],
  found: readonly WeightStats[],
  theirs: readonly NumpyLayer[],
): void {
  found.forEach((stats, i) => {
    const ours = comparable(stats)
    for (const [key, value] of Object.entries(ours)) {
      const other = theirs[i]?.[key as keyof NumpyLayer] ?? Number.NaN
      const tolerance = key === 'counted' ? 4 : 1e-4 * Math.abs(value ?? 0) + 1e-7
      if (!(Math.abs((value ?? 0) - other) <= tolerance))
        throw new Error(`${names[i]}: ${key} is ${value} here and ${other} in NumPy`)
    }
  })
}
