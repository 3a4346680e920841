import { type Tensor, tensor4d } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import { startingNoise } from '../../../lib/diffusion/sample'
import { rankOf } from '../../../lib/lrm/projection'
import { errorMeasures, errorSums } from '../../../lib/math/errors'
import { fullPrecision } from '../../../lib/quant/quantizer'
import type { Diagnosis } from '../../../lib/record/run'
import {
  columnOf,
  detailOf,
  emptyGrid,
  errorNames,
  type Grid,
  packGrids,
  rowOf,
  setColumn,
  tailNames,
  unpackGrids,
} from '../../../lib/record/sweep'
import { architecture } from '../../../lib/unet/architecture'
import { type Checkpoint, networkOf, quantizerOf } from '../../../lib/unet/checkpoint'
import { modulesOf } from '../../../lib/unet/modules'
import { firstImages } from '../../../lib/unet/twin'
import { toNHWC } from '../../../lib/unet/unet'
import { binarized, readTeacher } from './pair'

const short = { timesteps: 3, images: 2, seed: 5 }
let teacher: Checkpoint
let student: Checkpoint
let diagnosis: Diagnosis

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  diagnosis = await diagnose(teacher, student, short)
})

const gridsOf = (d: Diagnosis, id: string): Map<string, Grid> =>
  unpackGrids(d.layers.find(({ layer }) => layer.id === id)!.sweep!)

/** Of the layer whose local SQNR is lowest on the mean over timesteps. */
function worstLocally({ layers }: Diagnosis): string {
  const mean = (values: (number | null)[]) =>
    values.reduce<number>((sum, v) => sum + (v ?? 150), 0) / values.length
  const ranked = layers.map(({ layer, alignment }) => ({ id: layer.id, sqnr: mean(alignment!.local!.sqnr) }))
  return ranked.toSorted((a, b) => a.sqnr - b.sqnr)[0]!.id
}

describe('local errors', () => {
  it('are those of the student’s layer on the teacher’s input, with weights and input quantized apart', () => {
    // the first state is the starting noise; the teacher's inputs are caught where a quantizer would stand
    const { inChannels: c, sampleSize: s } = teacher.config
    const x = startingNoise(5, 2, c * s * s)
    const t = diagnosis.timesteps[0]!
    const [first, second] = [networkOf(teacher), networkOf(student)]
    const outputs = new Map<string, Float32Array>()
    const inputs = new Map<string, Tensor>()
    const watching = {
      ...fullPrecision,
      input: (id: string, input: Tensor) => {
        inputs.set(id, input.clone())
        return input
      },
    }
    const input = tensor4d(toNHWC(x, [2, c, s, s]), [2, s, s, c])
    first.forward(input, [t, t], watching, (id, output) => {
      const caught = inputs.get(id)
      if (!caught) return
      const [one, quantizer] = [firstImages(caught, 1), quantizerOf(student)]
      const [ours, theirs] = [first.parts(fullPrecision), second.parts(quantizer)]
      const layer = teacher.layers.find((l) => l.id === id)!
      outputs.set(id, firstImages(output, 1).dataSync() as Float32Array)
      outputs.set(`${id} W1A4`, theirs.layer(layer, one).dataSync() as Float32Array)
      outputs.set(`${id} W1A32`, theirs.product(layer, one).dataSync() as Float32Array)
      outputs.set(`${id} W32A4`, ours.product(layer, theirs.quantize(id, one)).dataSync() as Float32Array)
    })
    for (const { layer, precision } of diagnosis.layers) {
      const grids = gridsOf(diagnosis, layer.id)
      const measured = (name: string) => {
        const measures = errorMeasures(errorSums(outputs.get(layer.id)!, outputs.get(`${layer.id} ${name}`)!))
        return errorNames.map((error) => measures[error])
      }
      const near = (grid: string, name: string) => {
        columnOf(grids.get(grid), 0).forEach((value, i) => {
          const expected = measured(name)[i]!
          expect(Math.abs(value! - expected), `${layer.id} ${grid} ${errorNames[i]}`).toBeLessThanOrEqual(
            1e-5 * Math.max(1, Math.abs(expected)),
          )
        })
      }
      near('local', 'W1A4')
      if (precision.activationBits === 32) continue
      near('weightsOnly', 'W1A32')
      near('activationsOnly', 'W32A4')
    }
    first.dispose()
    second.dispose()
  })
  it('are none where nothing was quantized, however far the network has gone astray before', () => {
    const { alignment } = diagnosis.layers.find(({ layer }) => layer.id === 'conv_out')!
    expect(alignment!.local!.sqnr).toEqual(diagnosis.timesteps.map(() => 150))
    for (const sqnr of alignment!.sqnr) expect(sqnr).toBeLessThan(40)
  })
  it('put a layer first whose scale was planted four times too large, and one whose step was', async () => {
    const id = 'up.0.block.1.conv2'
    const scales = new Map(student.scales)
    const own = scales.get(id)!
    scales.set(id, { ...own, sigma1: own.sigma1!.map((v) => 4 * v) })
    expect(worstLocally(await diagnose(teacher, { ...student, scales }, short))).toBe(id)
    scales.set(id, { ...own, alpha: 4 * own.alpha! })
    const coarse = await diagnose(teacher, { ...student, scales }, short)
    const before = diagnosis.layers.find(({ layer }) => layer.id === id)!.alignment!.local!.sqnr
    const after = coarse.layers.find(({ layer }) => layer.id === id)!.alignment!.local!.sqnr
    after.forEach((sqnr, i) => {
      expect(sqnr!).toBeLessThan(before[i]!)
    })
  })
  it('show the channel whose signs were flipped', async () => {
    const id = 'down.1.block.0.conv1'
    const tensors = new Map(teacher.tensors)
    const weight = tensors.get(`${id}.weight`)!
    const perChannel = weight.data.length / weight.shape[0]!
    const data = weight.data.map((v, i) => (Math.floor(i / perChannel) === 3 ? -v : v))
    tensors.set(`${id}.weight`, { ...weight, data })
    const flipped = await diagnose(teacher, { ...student, tensors }, short)
    const channels = columnOf(gridsOf(flipped, id).get('localChannels'), 0)
    expect(channels.indexOf(Math.min(...channels.map((v) => v ?? 150)))).toBe(3)
  })
})

describe('a sweep', () => {
  it('tells every image apart, and its whole from its images', () => {
    const grids = gridsOf(diagnosis, 'down.0.block.0.conv1')
    const images = columnOf(grids.get('images'), 0)
    expect(images).toHaveLength(2)
    expect(images[0]).not.toBe(images[1])
    const whole = rowOf(grids.get('accumulated'), 0)[0]!
    expect(whole).toBeGreaterThan(Math.min(images[0]!, images[1]!) - 1e-4)
    expect(whole).toBeLessThan(Math.max(images[0]!, images[1]!) + 1e-4)
  })
  it('counts every input once, in two parts where it is a concatenation', () => {
    for (const { layer, precision } of diagnosis.layers) {
      const grids = gridsOf(diagnosis, layer.id)
      const parts = layer.place.part === 'up' && ['conv1', 'shortcut'].includes(layer.place.role) ? 2 : 1
      expect(grids.get('range')!.rows, layer.id).toBe(2 * parts)
      if (precision.activationBits === 32) continue
      const codes = columnOf(grids.get('codes'), 0)
      expect(
        codes.reduce<number>((sum, v) => sum + v!, 0),
        layer.id,
      ).toBeCloseTo(parts, 5)
    }
  })
  it('measures the tails at the first, the last and two timesteps between', () => {
    expect(detailOf(20)).toEqual([0, 6, 13, 19])
    expect(detailOf(2)).toEqual([0, 1])
    expect(detailOf(1)).toEqual([0])
    const tails = gridsOf(diagnosis, 'down.0.block.0.conv1').get('accumulatedTails')!
    expect([tails.rows, tails.columns]).toEqual([tailNames.length, diagnosis.timesteps.length])
    for (const value of tails.values) expect(value).toBeGreaterThanOrEqual(0)
  })
  it('has every module on the teacher’s axes, most energy first, and as much on all of them as the features have', () => {
    const { modules } = diagnosis.sweep!
    expect(modules.map(({ id }) => id)).toEqual(modulesOf(architecture(teacher.config)).map(({ id }) => id))
    for (const { id, channels, rank, grids: packed } of modules) {
      const grids = unpackGrids(packed)
      expect(rank, id).toBe(rankOf(channels))
      for (let d = 0; d < 3; d++) {
        const teachers = columnOf(grids.get('teacherEnergy'), d) as number[]
        const total = columnOf(grids.get('energy'), d)[0]!
        expect(teachers.reduce((sum, v) => sum + v, 0) / total, id).toBeCloseTo(1, 3)
        const angles = columnOf(grids.get('angles'), d) as number[]
        expect(angles, id).toHaveLength(rank)
        expect(angles.toSorted((a, b) => a - b)).toEqual(angles)
        for (const angle of angles) expect(angle).toBeLessThanOrEqual(90)
      }
    }
  })
  it('tells how far the axes a training stored have gone from those of now', async () => {
    const fresh = new Map<string, { shape: number[]; data: Float32Array }>()
    const [module] = diagnosis.sweep!.modules
    const { channels, rank, id } = module!
    // axes that are coordinates: as far from the principal ones as it happens
    const data = new Float32Array(channels * rank)
    for (let j = 0; j < rank; j++) data[j * rank + j] = 1
    fresh.set(id, { shape: [channels, rank], data })
    const { sweep } = await diagnose(teacher, { ...student, axes: fresh }, short)
    const grids = unpackGrids(sweep!.modules[0]!.grids)
    const [stored, now] = columnOf(grids.get('storedEnergy'), 0) as [number, number]
    expect(now).toBeGreaterThan(stored)
    expect(columnOf(grids.get('storedAngles'), 0).at(-1)).toBeGreaterThan(1)
    expect(unpackGrids(sweep!.modules[1]!.grids).has('storedAngles')).toBe(false)
  })
})

describe('grids', () => {
  it('come back as they were packed, in float32, what is not measured as null', () => {
    const grid = emptyGrid(2, 3)
    setColumn(grid, 1, [0.5, null])
    const back = unpackGrids(
      packGrids(
        new Map([
          ['a', grid],
          ['none', emptyGrid(0, 3)],
        ]),
      ),
    )
    expect(rowOf(back.get('a'), 0)).toEqual([null, 0.5, null])
    expect(columnOf(back.get('a'), 1)).toEqual([0.5, null])
    expect(rowOf(back.get('none'), 0)).toEqual([])
    expect(rowOf(undefined, 0)).toEqual([])
  })
})
