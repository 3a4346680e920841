import { memory, type Tensor, tensor4d } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { startingNoise } from '../../../lib/diffusion/sample'
import { architecture } from '../../../lib/unet/architecture'
import { type Checkpoint, networkOf, quantizerOf } from '../../../lib/unet/checkpoint'
import { predictNoise, predictTwice } from '../../../lib/unet/predict'
import { concatenatedInputs } from '../../../lib/unet/skips'
import { twinForward } from '../../../lib/unet/twin'
import { binarized, readTeacher } from '../diagnostics/pair'

let teacher: Checkpoint
let student: Checkpoint

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
})

describe('two networks in one pass', () => {
  it('predict what each predicts alone, and every layer gives what it gives there', () => {
    const nets = [networkOf(teacher), networkOf(student)] as const
    const quantizers = [quantizerOf(teacher), quantizerOf(student)] as const
    const x = startingNoise(3, 2, teacher.config.inChannels * teacher.config.sampleSize ** 2)
    const alone = nets.map((net, i) => {
      const outputs = new Map<string, Float32Array>()
      const eps = predictNoise(net, x, 400, quantizers[i], (id, output) => {
        outputs.set(id, output.dataSync() as Float32Array)
      })
      return { eps, outputs }
    })
    const parts = [nets[0].parts(quantizers[0]), nets[1].parts(quantizers[1])] as const
    let seen = 0
    const both = predictTwice(nets, parts, x, 400, {
      layer: ({ index, inputs, outputs }) => {
        seen++
        expect(inputs[0].shape).toEqual(inputs[1].shape)
        outputs.forEach((output: Tensor, i: number) => {
          const { id } = [teacher, student][i]!.layers[index]!
          expect(output.dataSync(), id).toEqual(alone[i]!.outputs.get(id))
        })
      },
    })
    expect(seen).toBe(teacher.layers.length)
    expect(both[0]).toEqual(alone[0]!.eps)
    expect(both[1]).toEqual(alone[1]!.eps)
    for (const net of nets) net.dispose()
  })
  it('leave nothing behind but what they predict', () => {
    const net = networkOf(teacher)
    const parts = net.parts(quantizerOf(teacher))
    const { inChannels: c, sampleSize: s } = teacher.config
    const x = tensor4d(startingNoise(3, 1, c * s * s), [1, s, s, c])
    const before = memory().numTensors
    for (const eps of twinForward([net.architecture, net.architecture], [parts, parts], x, [10]))
      eps.dispose()
    expect(memory().numTensors).toBe(before)
    x.dispose()
    net.dispose()
  })
})

describe('concatenated inputs', () => {
  it('are those of the first convolutions and shortcuts on the way up, split where the skip begins', () => {
    const net = architecture(teacher.config)
    const found = concatenatedInputs(net)
    const onTheWayUp = net.up.flatMap(({ blocks }) => blocks.map(({ res }) => res))
    const expected = onTheWayUp.flatMap(({ conv1, shortcut }) => [
      conv1.id,
      ...(shortcut ? [shortcut.id] : []),
    ])
    expect([...found.keys()]).toEqual(expected)
    // the first takes what the middle leaves, the last skip is what convIn left
    expect(found.get(onTheWayUp[0]!.conv1.id)).toBe(net.mid.res2.conv2.outChannels)
    const last = onTheWayUp.at(-1)!.conv1
    expect(last.inChannels - found.get(last.id)!).toBe(net.convIn.outChannels)
  })
})
