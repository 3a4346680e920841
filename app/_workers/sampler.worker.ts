/**
 * Draws samples with one network, in tfjs or in the one-bit engine. The page runs one of these for each way of running
 * and gives them their turns. Weights come from the server by range; every step goes to the page as it is done.
 */
import { engine as tfjs } from '@tensorflow/tfjs-core'
import { imageSize, type Predict, scheduleOf, withNetwork } from '../../lib/diagnostics/network'
import { startOneBit } from '../../lib/diagnostics/one-bit'
import { type SampleStep, sample, startingNoise } from '../../lib/diffusion/sample'
import { samplingTimesteps } from '../../lib/diffusion/schedule'
import { readSwitches } from '../../lib/record/switches'
import { openTensors } from '../../lib/tensor/open'
import { bytesSource } from '../../lib/tensor/tensor'
import type { Checkpoint } from '../../lib/unet/checkpoint'
import { readWanted } from '../../lib/unet/reading'
import { switchLayers } from '../../lib/unet/switched'
import { backendMemory, startBackend } from './backend'
import { withThreads } from './engine-threads'
import { faultOf } from './fault'
import { loadKernels } from './kernels'
import { rangeSource } from './range-source'
import type { SampleJob, SamplerReply, SamplerRequest, StoredNetwork } from './sampler-messages'

type Fetched = { key: string; checkpoint: Checkpoint; fetchedBytes: number }

/** A network that is ready, and the bytes of the memory it runs in. */
type Running = { predict: Predict; memoryBytes(): number }

/** The checkpoints read last, in host memory: another seed or switch need not fetch and decode them again. */
let kept: { own: Fetched | null; teacher: Fetched | null } = { own: null, teacher: null }
let wanted = 0
/** The run whose turn it is. */
let turn = 0
let wake = () => {}
let queue = Promise.resolve()

self.onmessage = ({ data }: MessageEvent<SamplerRequest>) => {
  if (data.kind === 'turn') turn = data.run
  else {
    wanted = data.kind === 'run' ? data.run : 0
    if (data.kind === 'run') queue = queue.then(() => answer(data.run, data.job))
  }
  wake()
}

/** Waits for the next turn of a run. Returns whether it is to go on: not if another run or a cancel came. */
async function nextTurn(run: number): Promise<boolean> {
  while (wanted === run && turn !== run)
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  turn = 0
  return wanted === run
}

/** Tensors of tfjs in this worker; asked in a way that starts no backend. */
const liveTensors = (): number => tfjs().state.numTensors

/** Without transfer, values are copied. */
function post(reply: SamplerReply, transfer: Transferable[] = []): void {
  self.postMessage(reply, { transfer })
}

async function answer(run: number, job: SampleJob): Promise<void> {
  if (wanted !== run) return post({ run, kind: 'end', final: null, tensorsAfter: liveTensors() })
  try {
    const { checkpoint, fetchedBytes } = await drawnFrom(job)
    const tensorsBefore = liveTensors()
    const final = await withRunning(job, checkpoint, (network) => {
      const { inChannels: c, sampleSize: s } = checkpoint.config
      post({
        run,
        kind: 'start',
        shape: [job.images, c, s, s],
        pixelUnshuffle: checkpoint.about.pixelUnshuffle,
        timesteps: samplingTimesteps(scheduleOf(checkpoint), job.steps),
        fetchedBytes,
        tensorsBefore,
      })
      return draw(run, job, checkpoint, network)
    })
    post({ run, kind: 'end', final, tensorsAfter: liveTensors() }, final ? [final.buffer] : [])
  } catch (error) {
    post({ run, kind: 'fault', fault: faultOf(error, job.fileName) })
  }
}

async function withRunning<T>(
  { arithmetic, threads }: SampleJob,
  checkpoint: Checkpoint,
  use: (network: Running) => Promise<T>,
): Promise<T> {
  if (arithmetic === 'one bit')
    return withThreads(async (spawn) => {
      const shared = threads > 1 && self.crossOriginIsolated
      const options = shared ? { threads: { count: threads, spawn } } : {}
      const { predict, memoryBytes } = await startOneBit(checkpoint, await loadKernels(shared), options)
      return use({ predict, memoryBytes: () => memoryBytes })
    })
  await startBackend()
  return withNetwork(checkpoint, (predict) => use({ predict, memoryBytes: backendMemory }))
}

/** The network of a job with its layers switched. The teacher is fetched once one of them takes its weights. */
async function drawnFrom(job: SampleJob): Promise<{ checkpoint: Checkpoint; fetchedBytes: number }> {
  const own = await fetched(job, kept.own)
  kept = { ...kept, own }
  const switches = job.switched && readSwitches(job.switched.switches)
  if (!job.switched || !switches) return own
  if ([...switches.values()].some(({ bases }) => bases === 0 || bases === 2))
    kept = { ...kept, teacher: await fetched(job.switched.teacher, kept.teacher) }
  return { ...own, checkpoint: switchLayers(own.checkpoint, kept.teacher?.checkpoint ?? null, switches) }
}

async function fetched(network: StoredNetwork, before: Fetched | null): Promise<Fetched> {
  const { sha256, share, fileName, bytes, config, wanted, packedFrom } = network
  const key = JSON.stringify([sha256, config, wanted, packedFrom])
  if (before?.key === key) return before
  const given = { json: config, file: fileName }
  const shared = share ? `?share=${share}` : ''
  const packed = packedFrom && (await fetchPacked(`/api/v1/checkpoints/${packedFrom}/packed${shared}`))
  if (packed) {
    // it is what was wanted of the stored file, and that alone
    const checkpoint = await readWanted(await openTensors(bytesSource(fileName, packed)), given, {})
    return { key, checkpoint, fetchedBytes: packed.length }
  }
  const source = rangeSource(fileName, `/api/v1/blobs/${sha256}${shared}`, bytes)
  const checkpoint = await readWanted(await openTensors(source), given, wanted)
  return { key, checkpoint, fetchedBytes: source.fetchedBytes() }
}

/** A packed file; null if the server does not give it: the stored file does as well. */
async function fetchPacked(url: string): Promise<Uint8Array | null> {
  const response = await fetch(url).catch(() => null)
  return response?.ok ? new Uint8Array(await response.arrayBuffer()) : null
}

/** Runs the sampler and posts every step. Returns the final x, or null when another run or a cancel came between. */
async function draw(
  run: number,
  { seed, sampler, steps, images }: SampleJob,
  checkpoint: Checkpoint,
  { predict, memoryBytes }: Running,
): Promise<Float32Array<ArrayBuffer> | null> {
  let ms = 0
  const timed = (x: Float32Array, t: number) => {
    const began = performance.now()
    const eps = predict(x, t)
    ms = performance.now() - began
    return eps
  }
  const schedule = scheduleOf(checkpoint)
  const noise = startingNoise(seed, images, imageSize(checkpoint.config))
  const states = sample(timed, noise, { schedule, sampler, steps, seed, images })
  for (const index of samplingTimesteps(schedule, steps).keys()) {
    if (!(await nextTurn(run))) return null
    const { value } = states.next() as IteratorYieldResult<SampleStep>
    // The sampler goes on with its x alone: what it yielded may leave this worker.
    const xt = value.xt as Float32Array<ArrayBuffer>
    const x0 = value.x0 as Float32Array<ArrayBuffer>
    post({ run, kind: 'step', index, xt, x0, ms, memoryBytes: memoryBytes() }, [xt.buffer, x0.buffer])
  }
  return states.next().value as Float32Array<ArrayBuffer>
}
