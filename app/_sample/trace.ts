/**
 * What one network drew, step by step, and what two of them say about each other. Arrays are (B,C,H,W) as the network
 * sees them. Step i is the i-th timestep: x_t is what the network saw there, x_0 the clean image it predicted from it.
 */
import { pictureCosine } from '../../lib/diffusion/pixels'
import { sqnr } from '../../lib/math/agreement'
import { studentWays } from '../../lib/record/view'
import type { Fault } from '../_ui/states'
import { type Parting, partingOf } from '../_views/run-finding'

/** The ways of running that the page has: the teacher in full precision, and the student's two. */
export const ways = ['full', ...studentWays] as const
export type Way = (typeof ways)[number]
export type Shown = 'x0' | 'xt'

/** What they are called beside each other. */
export const wayNames: Record<Way, string> = { full: 'teacher', simulated: 'simulated', engine: 'one bit' }

export type TraceStep = { xt: Float32Array; x0: Float32Array; ms: number }

export type Trace = {
  phase: 'waiting' | 'loading' | 'sampling' | 'done' | 'cancelled' | 'failed'
  shape: readonly [number, number, number, number] | null
  pixelUnshuffle: number
  /** Descending. */
  timesteps: readonly number[]
  /** As many as are done; in order. */
  steps: readonly TraceStep[]
  /** x after the last update. */
  final: Float32Array | null
  fetchedBytes: number | null
  /** WebAssembly memory it runs in, at its most so far. */
  memoryBytes: number | null
  tensorsBefore: number | null
  tensorsAfter: number | null
  fault: Fault | null
}

export const noTrace: Trace = {
  phase: 'waiting',
  shape: null,
  pixelUnshuffle: 1,
  timesteps: [],
  steps: [],
  final: null,
  fetchedBytes: null,
  memoryBytes: null,
  tensorsBefore: null,
  tensorsAfter: null,
  fault: null,
}

export const isUnderWay = ({ phase }: Trace): boolean => phase === 'loading' || phase === 'sampling'

/** Values of image i out of a batch of B images. */
export function imageOf(values: Float32Array, images: number, i: number): Float32Array {
  const size = values.length / images
  return values.subarray(i * size, (i + 1) * size)
}

/** SQNR in dB of one image of the student against the teacher's at every step both have done. */
export function imageSqnr(teacher: Trace, student: Trace, shown: Shown, i: number): (number | null)[] {
  const images = teacher.shape?.[0] ?? 1
  const count = Math.min(teacher.steps.length, student.steps.length)
  return Array.from({ length: count }, (_, step) =>
    sqnr(imageOf(teacher.steps[step]![shown], images, i), imageOf(student.steps[step]![shown], images, i)),
  )
}

/** Median time of a step in ms, over all steps done; null before the first. */
export function medianMs({ steps }: Trace): number | null {
  const sorted = steps.map((step) => step.ms).sort((a, b) => a - b)
  if (sorted.length === 0) return null
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export type SampleFinding = {
  /** When the states x_t part. */
  parting: Parting
  /** The finished images, all of them together. */
  finalSqnr: number | null
  /** Mean over the images, clamped as shown: the sample cosine of the Runs page. */
  finalCosine: number | null
}

/** What both finished trajectories say; null until then. `stateSqnr` is that of x_t over all images. */
export function sampleFinding(
  teacher: Trace,
  student: Trace,
  stateSqnr: readonly (number | null)[],
): SampleFinding | null {
  if (!teacher.final || !student.final) return null
  const parting = partingOf(teacher.timesteps, stateSqnr)
  if (!parting) return null
  const images = teacher.shape?.[0] ?? 1
  return {
    parting,
    finalSqnr: sqnr(teacher.final, student.final),
    finalCosine: pictureCosine(teacher.final, student.final, images),
  }
}
