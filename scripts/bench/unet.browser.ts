/** Runs in the page of `bench unet`: one step of a teacher in floats, of its students at one bit and simulated. */
import { mul } from '@tensorflow/tfjs-core'
import { type Engine, startEngine } from '../../lib/engine/engine'
import { type Build, bestBuild } from '../../lib/engine/kernels'
import { errorMeasures, errorSums } from '../../lib/math/errors'
import type { Quantizer } from '../../lib/quant/quantizer'
import { type Checkpoint, networkOf, quantizerOf, writePacked } from '../../lib/unet/checkpoint'
import { predictNoise } from '../../lib/unet/predict'
import { parameterCount, type UNet } from '../../lib/unet/unet'
import { type Contestant, interleaved } from './interleaved'
import { startTfjs } from './start-tfjs'
import { type Family, type FamilyName, noiseFor, readFamily, timestep } from './unet-networks'

export type StudentFacts = {
  name: string
  parameters: number
  /** Layers that run on bits, of all. */
  oneBitLayers: number
  layers: number
  bytes: { fp32: number; packed: number; engineMemory: number }
  /**
   * Relative L2 to the eps of simulated W1A4: of the engine's, and of simulated W1A4 with the input of every layer moved by the rounding
   * of a few sums. Codes on the edge between two levels fall either way, and what follows differs.
   */
  distance: { engine: number; moved: number }
}

export type FamilyRun = {
  /** Samples of the teacher and of each student on the engine, in turns, by name; `tfjs` is the teacher. */
  samples: Record<string, number[]>
  /** Samples of each student in tfjs. */
  simulated: Record<string, number[]>
}

declare global {
  interface Window {
    unetBench: {
      build: Build
      /** Reads a family and keeps the students whose name contains `only`; what is timed next. */
      open(family: FamilyName, only: string): Promise<StudentFacts[]>
      time(rounds: number, simulatedRounds: number): Promise<FamilyRun>
    }
  }
}

type Student = { name: string; engine: Engine; network: UNet; simulated: Quantizer }
type Opened = { teacher: UNet; students: Student[]; x: Float32Array }

const module = await WebAssembly.compileStreaming(fetch(`/engine/${bestBuild()}.wasm`))
await startTfjs()
let opened: Opened | null = null

window.unetBench = {
  build: bestBuild(),
  async open(family, only) {
    close()
    const read = await readFamily(family, only)
    const { teacher, students, x } = await openFamily(read)
    opened = { teacher, students, x }
    return students.map((student) => factsOf(student, read.students.get(student.name)!, x))
  },
  async time(rounds, simulatedRounds) {
    if (!opened) throw new Error('no family is open')
    const { teacher, students, x } = opened
    const contestants: Contestant[] = [
      { name: 'tfjs', run: () => predictNoise(teacher, x, timestep) },
      ...students.map(({ name, engine }) => ({ name, run: () => engine.predict(x, timestep) })),
    ]
    const simulated = students.map(({ name, network, simulated }) => ({
      ...{ name, run: () => predictNoise(network, x, timestep, simulated) },
    }))
    return {
      samples: await interleaved(contestants, rounds),
      simulated: await interleaved(simulated, simulatedRounds),
    }
  },
}

async function openFamily({ teacher, students }: Family): Promise<Opened> {
  const running: Student[] = []
  for (const [name, checkpoint] of students) {
    running.push({
      ...{ name, network: networkOf(checkpoint), simulated: quantizerOf(checkpoint) },
      engine: await startEngine(checkpoint, module),
    })
  }
  return { teacher: networkOf(teacher), students: running, x: noiseFor(teacher.config) }
}

function close(): void {
  opened?.teacher.dispose()
  for (const { network } of opened?.students ?? []) network.dispose()
  opened = null
}

/** About what the engine's sums differ by from those of tfjs, which takes them in another order. */
const roundingOfSums = 5e-7

function factsOf(
  { name, engine, network, simulated }: Student,
  checkpoint: Checkpoint,
  x: Float32Array,
): StudentFacts {
  const parameters = parameterCount(checkpoint.config)
  const eps = predictNoise(network, x, timestep, simulated)
  const distanceOf = (other: Float32Array) => errorMeasures(errorSums(eps, other)).normalizedL2 ?? Number.NaN
  const moved: Quantizer = {
    weight: simulated.weight,
    input: (id, values) => simulated.input(id, mul(values, 1 + roundingOfSums)),
  }
  const movedEps = predictNoise(network, x, timestep, moved)
  network.release(moved)
  return {
    ...{ name, parameters },
    oneBitLayers: engine.oneBit.layers.length,
    layers: checkpoint.layers.length,
    bytes: {
      fp32: 4 * parameters,
      // axes are what only training needs
      packed: writePacked({ ...checkpoint, axes: new Map() }, null).length,
      engineMemory: engine.memoryBytes,
    },
    distance: { engine: distanceOf(engine.predict(x, timestep)), moved: distanceOf(movedEps) },
  }
}
