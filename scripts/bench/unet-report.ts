/** What `bench unet` says: numbers by network, a table. */
import type { Build } from '../../lib/engine/kernels'
import { type Machine, machineInWords } from './machine'
import { table } from './table'
import { quietSpread, type Timing, timingOf } from './timings'
import type { FamilyRun, StudentFacts } from './unet.browser'

type Side = 'engine' | 'tfjs-wasm-fp32' | 'simulated'

export type NetReport = StudentFacts & {
  /** Median of the teacher in tfjs over the median of the student on the engine, and the same of minima. */
  ratio: number
  ratioOfMinima: number
  /** Medians and minima of a step. */
  ms: Record<Side, number>
  min: Record<Side, number>
  /** Times it was measured, and how far medians lie above minima in the run that counts. */
  runs: number
  spread: number
}

export type UnetReport = { machine: Machine; rounds: number; build: Build; nets: NetReport[] }

/** The timings whose spread decides whether a family is measured again. */
export const headlineTimings = ({ samples }: FamilyRun): Timing[] => Object.values(samples).map(timingOf)

export function netReport(
  facts: StudentFacts,
  { samples, simulated }: FamilyRun,
  quiet: { runs: number; spread: number },
): NetReport {
  const timings: Record<Side, Timing> = {
    engine: timingOf(samples[facts.name] ?? []),
    'tfjs-wasm-fp32': timingOf(samples.tfjs ?? []),
    simulated: timingOf(simulated[facts.name] ?? []),
  }
  const each = (of: (timing: Timing) => number): Record<Side, number> => ({
    engine: of(timings.engine),
    'tfjs-wasm-fp32': of(timings['tfjs-wasm-fp32']),
    simulated: of(timings.simulated),
  })
  const [ms, min] = [each(({ median }) => median), each(({ min }) => min)]
  return {
    ...facts,
    ratio: ms['tfjs-wasm-fp32'] / ms.engine,
    ratioOfMinima: min['tfjs-wasm-fp32'] / min.engine,
    ...{ ms, min },
    ...{ runs: quiet.runs, spread: quiet.spread },
  }
}

export function describeNets({ machine, rounds, build, nets }: UnetReport): string {
  const step = ({ ms, min }: NetReport, side: Side) => `${ms[side].toFixed(1)} (${min[side].toFixed(1)})`
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(2)
  const times = [
    ['ms of a step, median (min)', 'one bit', 'tfjs FP32', 'tfjs W1A4', 'ratio', 'of minima', 'spread'],
    ...nets.map((net) => [
      net.name,
      ...(['engine', 'tfjs-wasm-fp32', 'simulated'] as const).map((side) => step(net, side)),
      ...[net.ratio.toFixed(1), net.ratioOfMinima.toFixed(1)],
      `${(100 * net.spread).toFixed(0)} %${net.runs > 1 ? `, best of ${net.runs} runs` : ''}`,
    ]),
  ]
  const facts = [
    ['', 'parameters', 'layers at one bit', 'FP32, MB', 'packed, MB', 'memory, MB', 'off simulated', 'moved'],
    ...nets.map(({ name, parameters, oneBitLayers, layers, bytes, distance }) => [
      name,
      ...[String(parameters), `${oneBitLayers} of ${layers}`],
      ...[bytes.fp32, bytes.packed, bytes.engineMemory].map(megabytes),
      ...[distance.engine, distance.moved].map((d) => d.toExponential(1)),
    ]),
  ]
  const noisy = nets.filter(({ spread }) => spread > quietSpread).map(({ name }) => name)
  return [
    machineInWords(machine),
    `${rounds} rounds, in turns, one image, NCHW floats in and out; ${build} build; tfjs FP32 is the teacher, tfjs W1A4 the student simulated`,
    '',
    ...table(times),
    '',
    ...table(facts),
    'off simulated: relative L2 of eps to simulated W1A4; moved: the same of simulated W1A4 with the input of every layer moved by 5e-7, as rounding does',
    ...(noisy.length > 0
      ? [`noisy: medians of ${noisy.join(', ')} lie more than ${100 * quietSpread} % above their minima`]
      : []),
  ].join('\n')
}
