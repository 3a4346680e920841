import { memory, type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { moduleIds } from '../../../lib/unet/architecture'
import { predictNoise } from '../../../lib/unet/predict'
import { toNCHW, toNHWC, UNet } from '../../../lib/unet/unet'
import { checkpointOf, distance, expected, namesIn, networks, tolerance } from './upstream'

beforeAll(startBackend)

/** An output in PyTorch's layout: NHWC images become NCHW, anything else stays. */
function upstreamValues(output: Tensor): Float32Array {
  const values = output.dataSync() as Float32Array
  return output.rank === 4 ? toNCHW(values, output.shape) : values.slice()
}

async function networkOf(folder: string): Promise<UNet> {
  const { config, tensors, name } = await checkpointOf(folder)
  return new UNet(config, tensors, name)
}

for (const { folder } of networks) {
  describe(`${folder} on wasm`, () => {
    it('gives upstream eps and every activation upstream recorded', async () => {
      const unet = await networkOf(folder)
      const [x, t] = [await expected(folder, 'x'), await expected(folder, 't')]
      const [b, c, h, w] = x.shape as [number, number, number, number]
      const seen = new Map<string, Float32Array>()
      const input: Tensor4D = tensor4d(toNHWC(x.data, x.shape), [b, h, w, c])
      const eps = unet.forward(input, t.data, undefined, (id, output) => seen.set(id, upstreamValues(output)))
      expect(distance((await expected(folder, 'eps')).data, upstreamValues(eps))).toBeLessThan(tolerance)
      const recorded = (await namesIn(folder)).filter((name) => name.startsWith('act.'))
      expect(recorded.length).toBeGreaterThan(5)
      for (const name of recorded) {
        const values = seen.get(name.slice('act.'.length))
        expect(values, name).toBeDefined()
        expect(distance((await expected(folder, name)).data, values!), name).toBeLessThan(tolerance)
      }
      unet.dispose()
    })

    it('taps exactly the modules the architecture lists', async () => {
      const unet = await networkOf(folder)
      const { inChannels: c, sampleSize: s } = unet.config
      const seen = new Set<string>()
      predictNoise(unet, new Float32Array(c * s * s), 0, undefined, (id) => seen.add(id))
      expect([...seen].sort()).toEqual([...moduleIds(unet.architecture)].sort())
      unet.dispose()
    })

    it('leaves no tensor behind', async () => {
      const before = memory().numTensors
      const unet = await networkOf(folder)
      const { inChannels: c, sampleSize: s } = unet.config
      predictNoise(unet, new Float32Array(c * s * s), 500)
      unet.dispose()
      expect(memory().numTensors).toBe(before)
    })

    it('predicts another noise at another timestep', async () => {
      // a norm group of one channel would cancel the time projection and make the network blind to t
      const unet = await networkOf(folder)
      const x = await expected(folder, 'x')
      const [early, late] = [predictNoise(unet, x.data, 20), predictNoise(unet, x.data, 900)]
      expect(distance(early, late)).toBeGreaterThan(0.1)
      unet.dispose()
    })
  })
}
