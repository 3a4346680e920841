/** From the URL to the jobs of each way of running, and what stands in their way. */
import { oneBitObstacle } from '../../lib/record/precision'
import { readSwitches, type Switches } from '../../lib/record/switches'
import type { ViewParams } from '../../lib/record/view'
import type { Fault } from '../_ui/states'
import type { SampleNetwork, SampleViewData } from '../_views/load-sample'
import type { StoredNetwork } from '../_workers/sampler-messages'
import type { Jobs } from './sampling'
import { precisionAt } from './what-if-ledger'

export type Settings = Pick<ViewParams, 'seed' | 'sampler' | 'steps' | 'n' | 'sw' | 'threads'>

export const imageCounts = [1, 4, 9, 16] as const
export const mostImages = 64
export const mostThreads = 16
const trainingTimesteps = 1000

/** What a link says that cannot be drawn; null if it can. */
export function settingsFault({ seed, steps, n, threads }: Settings): Fault | null {
  const whole = (item: string, value: number, least: number, most: number): Fault | null =>
    Number.isInteger(value) && value >= least && value <= most
      ? null
      : {
          file: 'the address of this page',
          item: `${item}=${value}`,
          problem: `${item} must be a whole number from ${least} to ${most}`,
          remedy: 'Set it in the bar above.',
        }
  return (
    whole('steps', steps, 1, trainingTimesteps) ??
    whole('n', n, 1, mostImages) ??
    whole('threads', threads, 1, mostThreads) ??
    whole('seed', seed, 0, Number.MAX_SAFE_INTEGER)
  )
}

/** Speed of one wasm thread at convolutions of this kind, low estimate, multiply-accumulates per second. */
const macsPerSecond = 5e9
/** A step longer than this would look like a dead worker. */
const longestStepSeconds = 20
const mostBytes = 1024 ** 3

export type Need = { seconds: number; bytes: number }

/** What drawing needs: seconds per step, and bytes for weights (file, float32, uploaded) and the states kept. */
export function needOf(network: SampleNetwork, { steps, n }: Settings): Need {
  const { inChannels = 3, sampleSize = 32 } = network.config as { inChannels?: number; sampleSize?: number }
  const states = 2 * 4 * steps * n * inChannels * sampleSize ** 2
  return {
    seconds: (network.macs * n) / macsPerSecond,
    bytes: network.bytes + 3 * 4 * network.parameters + states,
  }
}

export type Obstacle =
  | { kind: 'nothing' }
  /** Networks Signscope has no forward pass for. */
  | { kind: 'unrun'; network: SampleNetwork; reason: string }
  | { kind: 'fault'; fault: Fault }
  | { kind: 'no-weights'; networks: SampleNetwork[]; teacherMissing: boolean }
  | { kind: 'too-large'; network: SampleNetwork; need: Need; limit: Need }

/** Why the page cannot draw; `nothing` if it can. */
export function obstacleOf(data: SampleViewData, settings: Settings): Obstacle {
  const fault = settingsFault(settings) ?? (data.student && switchesFault(settings.sw, data.student))
  if (fault) return { kind: 'fault', fault }
  const networks = [data.teacher, data.student].filter((network) => network !== null)
  for (const network of networks)
    if (network.unrun !== null) return { kind: 'unrun', network, reason: network.unrun }
  const missing = networks.filter((network) => !network.hasWeights)
  if (missing.length > 0 || !data.teacher)
    return { kind: 'no-weights', networks: missing, teacherMissing: !data.teacher }
  const limit = { seconds: longestStepSeconds, bytes: mostBytes }
  for (const network of networks) {
    const own = needOf(network, settings)
    // with switches the student's worker holds the teacher's weights as well
    const beside = network === data.student && settings.sw !== '' ? data.teacher : null
    const need = { ...own, bytes: own.bytes + (beside ? beside.bytes + 4 * beside.parameters : 0) }
    if (need.seconds > limit.seconds || need.bytes > limit.bytes)
      return { kind: 'too-large', network, need, limit }
  }
  return { kind: 'nothing' }
}

/**
 * The job of each way of running; null where there is no network for it, or none the engine can run. Switches may need latent
 * weights, so that with them the engine gets the stored file, too.
 */
export function jobsOf(
  { teacher, student }: Pick<SampleViewData, 'teacher' | 'student'>,
  { seed, sampler, steps, n, sw, threads }: Settings,
): Jobs {
  const drawing = { seed, sampler, steps, images: n, threads: 1 }
  const switched = teacher && sw !== '' ? { switches: sw, teacher: stored(teacher) } : null
  const own = student && { ...stored(student), switched, ...drawing }
  const atOneBit = own && engineObstacle(student, readSwitches(sw) ?? new Map()) === null
  return {
    full: teacher && { ...stored(teacher), arithmetic: 'floats', switched: null, ...drawing },
    simulated: own && { ...own, arithmetic: 'floats' },
    engine: atOneBit
      ? {
          ...own,
          arithmetic: 'one bit',
          threads,
          packedFrom: isUnpacked(student) && !switched ? student.checkpointId : undefined,
        }
      : null,
  }
}

/** Whether the file of a student holds much more than a packed one: latent weights. */
export function isUnpacked({ bytes, packedBytes }: SampleNetwork): boolean {
  return bytes > 2 * packedBytes
}

/** Why the engine does not run the student as it is switched; null if it does. */
export function engineObstacle(student: SampleNetwork, switches: Switches): string | null {
  return oneBitObstacle(student.layers.map((_, index) => precisionAt(student, switches, index)))
}

function stored({ sha256, share, fileName, bytes, config, wanted }: SampleNetwork): StoredNetwork {
  return { sha256, share, fileName, bytes, config, wanted }
}

/** Why a link's switches cannot be set on this student; null if they can. */
function switchesFault(sw: string, { layers }: SampleNetwork): Fault | null {
  const switches = readSwitches(sw)
  const beyond = switches && [...switches.keys()].find((index) => index >= layers.length)
  if (switches && beyond === undefined) return null
  return {
    file: 'the address of this page',
    item: `sw=${sw}`,
    problem: switches
      ? `it switches layer ${beyond}, the network has ${layers.length}, counted from 0`
      : 'it does not say which layers are switched to what',
    remedy: 'Leave it out, and switch layers on the page.',
  }
}
