import { memory, type Tensor } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { startBackend } from '../../../lib/cli/backend'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import { startingNoise } from '../../../lib/diffusion/sample'
import { Diagnosis } from '../../../lib/record/run'
import { type Checkpoint, quantizerOf } from '../../../lib/unet/checkpoint'
import { predictNoise } from '../../../lib/unet/predict'
import { UNet } from '../../../lib/unet/unet'
import { binarized, readTeacher } from './pair'

const short = { timesteps: 2, images: 2, seed: 5 }
let teacher: Checkpoint
let student: Checkpoint
/** Of the student with two bases and 4-bit inputs. */
let diagnosis: Diagnosis

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  diagnosis = await diagnose(teacher, student, short)
})

/** Outputs of every layer at x, t, on their own. */
function outputsOf(checkpoint: Checkpoint, x: Float32Array, t: number): Map<string, Float32Array> {
  const unet = new UNet(checkpoint.config, checkpoint.tensors, checkpoint.name)
  const outputs = new Map<string, Float32Array>()
  const keep = (id: string, output: Tensor) => outputs.set(id, output.dataSync() as Float32Array)
  predictNoise(unet, x, t, quantizerOf(checkpoint), keep)
  unet.dispose()
  return outputs
}

describe('diagnose', () => {
  it('finds a teacher equal to itself at every layer and timestep', async () => {
    const { layers, output } = await diagnose(teacher, teacher, short)
    expect(output).toEqual({ sqnr: [150, 150], cosine: [expect.closeTo(1, 12), expect.closeTo(1, 12)] })
    for (const { layer, alignment, weights } of layers) {
      expect(alignment!.sqnr, layer.id).toEqual([150, 150])
      for (const c of alignment!.cosine) expect(c, layer.id).toBeCloseTo(1, 12)
      for (const c of alignment!.lowRankCosine) if (c !== null) expect(c, layer.id).toBeCloseTo(1, 12)
      expect(alignment!.lowRankStudentEnergy).toEqual(alignment!.lowRankTeacherEnergy)
      expect(weights.againstTeacher!.sqnr).toBe(150)
      expect(weights.flips).toBe(0)
    }
  })
  it('measures outputs on the same x_t while each network runs on its own', () => {
    const { layers, timesteps, protocol } = diagnosis
    expect(timesteps).toEqual([500, 0])
    expect(protocol).toEqual({ seed: 5, images: 2, steps: 2, source: 'teacher-trajectory' })
    // The run starts at its first timestep with the starting noise.
    const { inChannels, sampleSize } = teacher.config
    const x = startingNoise(5, 2, inChannels * sampleSize ** 2)
    const [a, b] = [outputsOf(teacher, x, 500), outputsOf(student, x, 500)]
    for (const { layer, alignment } of layers) {
      const [reference, other] = [a.get(layer.id)!, b.get(layer.id)!]
      const energy = reference.reduce((sum, v) => sum + v * v, 0)
      const noise = reference.reduce((sum, v, i) => sum + (v - other[i]!) ** 2, 0)
      if (noise === 0) expect(alignment!.sqnr[0], layer.id).toBe(150)
      else expect(alignment!.sqnr[0], layer.id).toBeCloseTo(10 * Math.log10(energy / noise), 5)
    }
  })
  it('finds first differences where the first binarized layer stands, kept layers before it untouched', () => {
    const { layers } = diagnosis
    const sqnr = (id: string) => layers.find(({ layer }) => layer.id === id)!.alignment!.sqnr[0]!
    expect(sqnr('temb.dense.1')).toBe(150)
    expect(sqnr('conv_in')).toBe(150)
    expect(sqnr('down.0.block.0.conv1')).toBeLessThan(30)
    expect(sqnr('conv_out')).toBeLessThan(30)
  })
  it('projects on axes that hold more of the teacher than any quarter of directions would', () => {
    const { layers, assumptions } = diagnosis
    const onTime = layers.filter(
      ({ layer }) => layer.place.part === 'time' || layer.place.role === 'time_proj',
    )
    for (const { layer, alignment } of layers) {
      expect(alignment!.rank).toBe(Math.max(1, Math.round(layer.outChannels / 4)))
      if (onTime.some((l) => l.layer.id === layer.id)) expect(alignment!.lowRankCosine).toEqual([null, null])
      else for (const share of alignment!.lowRankTeacherEnergy) expect(share, layer.id).toBeGreaterThan(0.3)
    }
    expect(assumptions).toEqual([
      expect.stringContaining(`left out for ${onTime.length} layers on the time embedding`),
    ])
  })
  it('is a record that can be stored, the same every time', async () => {
    expect(z.parse(Diagnosis, JSON.parse(JSON.stringify(diagnosis)))).toEqual(diagnosis)
    expect(await diagnose(teacher, student, short)).toEqual(diagnosis)
    expect(diagnosis.layers.map(({ layer }) => layer.id)).toEqual(teacher.layers.map(({ id }) => id))
    expect(diagnosis.ledger.parameters).toBe(525_091)
  })
  it('is better with two bases than with one, in weights and output', async () => {
    const one = await diagnose(teacher, binarized(teacher, 'sign', 1), short)
    const two = await diagnose(teacher, binarized(teacher, 'lmb', 2), short)
    for (const [i, { weights, precision }] of one.layers.entries()) {
      if (precision.bases === 0) continue
      expect(two.layers[i]!.weights.reconstruction!.sqnr).toBeGreaterThan(weights.reconstruction!.sqnr!)
    }
    expect(two.output!.sqnr[1]).toBeGreaterThan(one.output!.sqnr[1]!)
    expect(two.ledger.packedBytes).toBeGreaterThan(one.ledger.packedBytes)
  })
  it('tells of a teacher its weights and ledger alone', async () => {
    const alone = await diagnose(null, teacher)
    expect(alone).toMatchObject({ timesteps: [], protocol: null, output: null })
    expect(
      alone.layers.every(({ alignment, weights }) => alignment === null && weights.teacher === null),
    ).toBe(true)
    expect(alone.ledger.packedBytes).toBe(alone.ledger.fullPrecisionBytes)
  })
  it('leaves no tensor behind and counts its progress to the end', async () => {
    const before = memory().numTensors
    const seen: [number, number][] = []
    await diagnose(teacher, student, {
      ...short,
      onProgress: (done, total) => seen.push([done, total]),
    })
    expect(memory().numTensors).toBe(before)
    const total = seen[0]![1]
    expect(seen).toEqual(Array.from({ length: total }, (_, i) => [i + 1, total]))
  })
  it('stops between timesteps when it is cancelled, and still leaves no tensor behind', async () => {
    const before = memory().numTensors
    for (const at of [
      'weights',
      'images at all noise levels',
      "axes of the teacher's features",
      'timestep 500',
    ]) {
      const controller = new AbortController()
      let last = ''
      const cancelled = diagnose(teacher, student, {
        ...short,
        signal: controller.signal,
        onProgress(_done, _total, words) {
          last = words
          if (words === at) controller.abort(new Error('enough'))
        },
      })
      await expect(cancelled).rejects.toThrow('enough')
      expect(last).toBe(at)
      expect(memory().numTensors).toBe(before)
    }
  })
  it('refuses a pair of two architectures, naming the field', async () => {
    const other = { ...student, config: { ...student.config, blocksPerLevel: 2 } }
    await expect(diagnose(teacher, other, short)).rejects.toThrow(
      'lmb.safetensors: blocksPerLevel: it is 2, in its teacher model.safetensors it is 1',
    )
    const guessed = { ...other, assumptions: ['image size 32'] }
    await expect(diagnose(teacher, guessed, short)).rejects.toThrow(
      'configuration of lmb.safetensors had to be assumed',
    )
  })
  it('refuses image counts and seeds that mean nothing', async () => {
    await expect(diagnose(teacher, student, { images: 0 })).rejects.toThrow('--images: 0 images')
    await expect(diagnose(teacher, student, { seed: 0.5 })).rejects.toThrow('--seed: 0.5')
  })
})
