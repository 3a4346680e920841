/**
 * Draws samples with one network. The page runs one of these for the teacher and one for the student, so that two
 * networks use two cores. Weights come from the server by range; every step goes to the page as it is done.
 */
import { memory } from '@tensorflow/tfjs-core'
import { imageSize, type Predict, scheduleOf, withNetwork } from '../../lib/diagnostics/network'
import { pause } from '../../lib/diagnostics/pause'
import { sample, startingNoise } from '../../lib/diffusion/sample'
import { samplingTimesteps } from '../../lib/diffusion/schedule'
import { readSwitches } from '../../lib/record/switches'
import { openTensors } from '../../lib/tensor/open'
import type { Checkpoint } from '../../lib/unet/checkpoint'
import { readWanted } from '../../lib/unet/reading'
import { switchLayers } from '../../lib/unet/switched'
import { startBackend } from './backend'
import { faultOf } from './fault'
import { rangeSource } from './range-source'
import type { SampleJob, SamplerReply, SamplerRequest, StoredNetwork } from './sampler-messages'

type Fetched = { key: string; checkpoint: Checkpoint; fetchedBytes: number }

/** The checkpoints read last, in host memory: another seed or switch need not fetch and decode them again. */
let kept: { own: Fetched | null; teacher: Fetched | null } = { own: null, teacher: null }
let wanted = 0
let queue = Promise.resolve()

self.onmessage = ({ data }: MessageEvent<SamplerRequest>) => {
  wanted = data.kind === 'run' ? data.run : 0
  if (data.kind === 'run') queue = queue.then(() => answer(data.run, data.job))
}

/** Without transfer, values are copied. */
function post(reply: SamplerReply, transfer: Transferable[] = []): void {
  self.postMessage(reply, { transfer })
}

async function answer(run: number, job: SampleJob): Promise<void> {
  if (wanted !== run) return post({ run, kind: 'end', final: null, tensorsAfter: memory().numTensors })
  try {
    await startBackend()
    const { checkpoint, fetchedBytes } = await drawnFrom(job)
    const { inChannels: c, sampleSize: s } = checkpoint.config
    post({
      run,
      kind: 'start',
      shape: [job.images, c, s, s],
      pixelUnshuffle: checkpoint.about.pixelUnshuffle,
      timesteps: samplingTimesteps(scheduleOf(checkpoint), job.steps),
      fetchedBytes,
      tensorsBefore: memory().numTensors,
    })
    const final = await withNetwork(checkpoint, (predict) => draw(run, job, checkpoint, predict))
    post({ run, kind: 'end', final, tensorsAfter: memory().numTensors }, final ? [final.buffer] : [])
  } catch (error) {
    post({ run, kind: 'fault', fault: faultOf(error, job.fileName) })
  }
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
  const { sha256, share, fileName, bytes, config, wanted } = network
  const key = JSON.stringify([sha256, config, wanted])
  if (before?.key === key) return before
  const source = rangeSource(fileName, `/api/v1/blobs/${sha256}${share ? `?share=${share}` : ''}`, bytes)
  const checkpoint = await readWanted(await openTensors(source), { json: config, file: fileName }, wanted)
  return { key, checkpoint, fetchedBytes: source.fetchedBytes() }
}

/** Runs the sampler and posts every step. Returns the final x, or null when another run or a cancel came between. */
async function draw(
  run: number,
  { seed, sampler, steps, images }: SampleJob,
  checkpoint: Checkpoint,
  predict: Predict,
): Promise<Float32Array<ArrayBuffer> | null> {
  let ms = 0
  const timed = (x: Float32Array, t: number) => {
    const began = performance.now()
    const eps = predict(x, t)
    ms = performance.now() - began
    return eps
  }
  const noise = startingNoise(seed, images, imageSize(checkpoint.config))
  const states = sample(timed, noise, { schedule: scheduleOf(checkpoint), sampler, steps, seed, images })
  for (;;) {
    await pause()
    if (wanted !== run) return null
    const { value, done } = states.next()
    if (done) return value as Float32Array<ArrayBuffer>
    // The sampler goes on with its x alone: what it yielded may leave this worker.
    const xt = value.xt as Float32Array<ArrayBuffer>
    const x0 = value.x0 as Float32Array<ArrayBuffer>
    post({ run, kind: 'step', index: value.step - 1, xt, x0, ms }, [xt.buffer, x0.buffer])
  }
}
