/** Runs in the page: a fixture's forward pass and sampling on tfjs-wasm, compared with upstream's outputs. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm'
import { env, getBackend, memory, ready, setBackend, tensor4d } from '@tensorflow/tfjs-core'
import { type SampleOptions, sample } from '../../lib/diffusion/sample'
import { schedule } from '../../lib/diffusion/schedule'
import type { ScheduleName } from '../../lib/record/run'
import { openTensors } from '../../lib/tensor/open'
import { blobSource, type TensorFile } from '../../lib/tensor/tensor'
import { readCheckpoint } from '../../lib/unet/checkpoint'
import { predictNoise } from '../../lib/unet/predict'
import { toNCHW, toNHWC, UNet } from '../../lib/unet/unet'

export type SamplingCase = {
  key: string
  options: Omit<SampleOptions, 'schedule'>
  schedule: ScheduleName
}
export type FixtureCase = { folder: string; weights: string; sampling: SamplingCase[] }

/** Relative L2 distance to upstream by output name, and the tensors left behind. */
export type FixtureResult = { distances: Record<string, number>; backend: string; leaked: number }

declare global {
  interface Window {
    runFixture(fixture: FixtureCase): Promise<FixtureResult>
  }
}

window.runFixture = async ({ folder, weights, sampling }) => {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  setWasmPaths('/tfjs/')
  await setBackend('wasm')
  await ready()
  const json: unknown = await (await fetch(`/fixtures/${folder}/config.json`)).json()
  const checkpoint = await readCheckpoint(await fetched(folder, weights), { json, file: 'config.json' })
  const io = await fetched(folder, 'io.safetensors')
  const before = memory().numTensors
  const unet = new UNet(checkpoint.config, checkpoint.tensors, weights)
  const distances: Record<string, number> = {}

  const x = await io.read('x')
  const [b, c, h, w] = x.shape as [number, number, number, number]
  const expected = new Map<string, Float32Array>()
  for (const name of io.tensors.keys()) {
    if (name.startsWith('act.')) expected.set(name.slice('act.'.length), (await io.read(name)).data)
  }
  const input = tensor4d(toNHWC(x.data, x.shape), [b, h, w, c])
  const output = unet.forward(input, (await io.read('t')).data, undefined, (id, activation) => {
    const reference = expected.get(id)
    if (!reference) return
    const values = activation.dataSync() as Float32Array
    distances[`act.${id}`] = relativeL2(
      activation.rank === 4 ? toNCHW(values, activation.shape) : values,
      reference,
    )
  })
  distances.eps = relativeL2(
    toNCHW(output.dataSync() as Float32Array, output.shape),
    (await io.read('eps')).data,
  )
  input.dispose()
  output.dispose()
  for (const id of expected.keys()) distances[`act.${id}`] ??= Number.POSITIVE_INFINITY

  const xT = (await io.read('ddim.x_T')).data
  for (const { key, options, schedule: name } of sampling) {
    const states = [
      ...sample((x, t) => predictNoise(unet, x, t), xT, { ...options, schedule: schedule(name) }),
    ]
    distances[`${key}.x_final`] = relativeL2(states.at(-1)!.x, (await io.read(`${key}.x_final`)).data)
  }
  unet.dispose()
  return { distances, backend: getBackend(), leaked: memory().numTensors - before }
}

async function fetched(folder: string, name: string): Promise<TensorFile> {
  return openTensors(blobSource(name, await (await fetch(`/fixtures/${folder}/${name}`)).blob()))
}

function relativeL2(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) return Number.POSITIVE_INFINITY
  let [error, norm] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    error += (values[i]! - reference[i]!) ** 2
    norm += reference[i]! ** 2
  }
  return Math.sqrt(error / norm)
}
