import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { normal } from '../../../lib/math/rng'
import { readSwitches } from '../../../lib/record/switches'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import {
  type Checkpoint,
  networkOf,
  quantizerOf,
  readCheckpoint,
  writePacked,
} from '../../../lib/unet/checkpoint'
import { predictMixed } from '../../../lib/unet/mixture'
import { predictNoise } from '../../../lib/unet/predict'
import { switchLayers } from '../../../lib/unet/switched'
import { binarized, readTeacher } from '../diagnostics/pair'

let teacher: Checkpoint
let student: Checkpoint
let x: Float32Array

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  const { inChannels, sampleSize } = teacher.config
  x = normal(3, 0, new Float32Array(inChannels * sampleSize ** 2))
})

function eps(checkpoint: Checkpoint): Float32Array {
  const unet = networkOf(checkpoint)
  const predicted = predictNoise(unet, x, 300, quantizerOf(checkpoint))
  unet.dispose()
  return predicted
}

const switched = (text: string, of = student) => switchLayers(of, teacher, readSwitches(text)!)
const all = () => `0-${teacher.layers.length - 1}`

describe('a student with switched layers', () => {
  it('is its teacher when all are in full precision, and itself when nothing is switched', () => {
    expect(eps(switched(`${all()}:f`))).toEqual(eps(teacher))
    expect(switched('')).toEqual(student)
  })
  it('has the bases of a student made with one, or with two', () => {
    const one = binarized(teacher, 'lmb', 1, 0.3)
    const places = [...teacher.layers.keys()].filter(
      (i) => student.manifest[teacher.layers[i]!.id]!.bases > 0,
    )
    const only = (bases: 1 | 2) => places.map((i) => `${i}:${bases}`).join(';')
    expect(eps(switched(only(1)))).toEqual(eps(one))
    expect(eps(switched(only(2), one))).toEqual(eps(student))
  })
  it('computes with inputs in floats where they are switched to 32 bits', () => {
    expect(eps(switched(`${all()}:a32`))).toEqual(eps(binarized(teacher, 'lmb', 2)))
  })
  it('is the same whether its latent weights are stored or only their signs, but for new second bases', async () => {
    const packed = await readCheckpoint(
      await openTensors(bytesSource('packed', writePacked(student, null))),
      {
        json: { ...teacher.config },
        file: 'config.json',
      },
    )
    for (const text of ['5:1', '5-20:1a8', '4:f;9:fa4'])
      expect(eps(switched(text, packed))).toEqual(eps(switched(text)))
  })
  it('computes what a mixture of both networks does', () => {
    const [a, b] = [teacher, student].map((c) => ({ unet: networkOf(c), quantizer: quantizerOf(c) }))
    expect(
      predictMixed(
        b!,
        new Map([
          [7, a!],
          [12, a!],
        ]),
        x,
        300,
      ),
    ).toEqual(eps(switched('7:f;12:f')))
    for (const { unet } of [a!, b!]) unet.dispose()
  })
  it('is refused for a layer that does not exist, and without the teacher where that is needed', () => {
    expect(() => switched('500:f')).toThrow('counted from 0')
    expect(() => switchLayers(student, null, readSwitches('5:f')!)).toThrow('its teacher')
    expect(switchLayers(student, null, readSwitches('5:1a8')!).manifest[student.layers[5]!.id]!.bases).toBe(1)
  })
})
