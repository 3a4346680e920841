/** Each fault is planted into every binarized layer in turn, in students with latent weights and in packed ones of a training. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import { layerDynamics } from '../../../lib/diagnostics/dynamics'
import { type BasisMeasure, reasonInWords, standouts } from '../../../lib/diagnostics/standouts'
import { weightStats } from '../../../lib/diagnostics/weights'
import { effectiveWeight, type Scales } from '../../../lib/quant/binarizer'
import { isPacked, type StoredWeight } from '../../../lib/quant/quantizer'
import { fullPrecisionLayer, type LayerPrecision } from '../../../lib/record/precision'
import type { LayerRecord } from '../../../lib/record/run'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource, type Tensor } from '../../../lib/tensor/tensor'
import { type Checkpoint, readCheckpoint, storedWeight } from '../../../lib/unet/checkpoint'
import { binarized, readTeacher } from './pair'

const demo = join(import.meta.dirname, '../../../public/demo')

async function demoCheckpoint(run: string, step: string): Promise<Checkpoint> {
  const bytes = readFileSync(join(demo, run, `step-${step}.safetensors`))
  return readCheckpoint(await openTensors(bytesSource(`${run}/${step}`, bytes)))
}

type Part = { precision: LayerPrecision; stored: StoredWeight; scales: Scales }
/** What is done to one layer. */
type Fault = (part: Part) => Part

const partOf = (student: Checkpoint, id: string): Part => ({
  precision: student.manifest[id]!,
  stored: storedWeight(student, id),
  scales: student.scales.get(id) ?? {},
})

function recordOf(student: Checkpoint, teacher: Checkpoint, index: number, fault: Fault): LayerRecord {
  const layer = student.layers[index]!
  const { precision, stored, scales } = fault(partOf(student, layer.id))
  const own = partOf(teacher, teacher.layers[index]!.id)
  const teacherWeight: Tensor = effectiveWeight(own.precision, own.stored, own.scales)
  const weights = weightStats({
    ...{ precision, stored, scales, teacher: teacherWeight },
    ...{ file: student.name, layer: layer.id },
  })
  return { layer, precision, weights, alignment: null }
}

/** Records of a student without a fault, made once. */
const soundRecords = new Map<Checkpoint, LayerRecord[]>()

function soundOf(student: Checkpoint, teacher: Checkpoint): LayerRecord[] {
  const found =
    soundRecords.get(student) ?? student.layers.map((_, i) => recordOf(student, teacher, i, (part) => part))
  soundRecords.set(student, found)
  return found
}

/** Layers the fault was planted into that did not come first, or for another reason. */
function missed(
  student: Checkpoint,
  teacher: Checkpoint,
  fault: Fault,
  ...measures: BasisMeasure[]
): string[] {
  const sound = soundOf(student, teacher)
  const planted = student.layers.flatMap((layer, i) => {
    const { bases } = student.manifest[layer.id]!
    if (bases === 0 || (ofTwoBases.has(fault) && bases < 2)) return []
    const [first] = standouts(sound.with(i, recordOf(student, teacher, i, fault)))
    const found = first?.layer === layer.id && first.reasons.some(({ measure }) => measures.includes(measure))
    return [{ id: layer.id, found }]
  })
  expect(planted.length).toBeGreaterThan(20)
  return planted.filter(({ found }) => !found).map(({ id }) => id)
}

const times = (factor: number) => (scale: Float32Array | undefined) => scale?.map((s) => s * factor)
const wrongScale =
  (factor: number): Fault =>
  ({ scales, ...part }) => ({ ...part, scales: { ...scales, sigma1: times(factor)(scales.sigma1) } })
const wrongScales =
  (factor: number): Fault =>
  ({ scales, ...part }) => ({
    ...part,
    scales: { ...scales, sigma1: times(factor)(scales.sigma1), sigma2: times(factor)(scales.sigma2) },
  })
const secondBasisOff: Fault = ({ scales, ...part }) => ({
  ...part,
  scales: { ...scales, sigma2: times(0)(scales.sigma2) },
})
const secondBasisGone: Fault = ({ precision, stored, scales }) => ({
  precision: { ...precision, bases: 1 },
  stored: isPacked(stored) ? { ...stored, codes: stored.codes.slice(0, 1) } : stored,
  scales: { ...scales, sigma2: undefined },
})
/** Every sign of the last channel is the other. */
const flippedChannel: Fault = ({ stored, ...part }) => {
  const O = stored.shape[0]!
  const from = (length: number) => ((O - 1) * length) / O
  const flipped = <A extends Float32Array | Int8Array>(values: A) =>
    values.map((v, i) => (i >= from(values.length) ? -v : v)) as A
  return {
    ...part,
    stored: isPacked(stored)
      ? { ...stored, codes: stored.codes.map(flipped) }
      : { ...stored, data: flipped(stored.data) },
  }
}

const inFullPrecision: Fault = ({ precision, stored, scales }) => {
  const { shape, data } = effectiveWeight(precision, stored, scales)
  return { precision: fullPrecisionLayer, stored: { shape, data }, scales: {} }
}
const ofTwoBases = new Set([secondBasisOff, secondBasisGone])

describe('a planted fault puts its layer first', async () => {
  const teacher = await readTeacher()
  const fresh = binarized(teacher, 'lmb', 2)
  const trainedTeacher = await demoCheckpoint('mnist-teacher', '009000')
  const packed = await demoCheckpoint('mnist-lmb', '001000')
  const latent = await demoCheckpoint('mnist-v1', '001000')
  const dropped = await demoCheckpoint('mnist-v5', '001000')
  const students: [name: string, student: Checkpoint, teacher: Checkpoint][] = [
    ['a fresh student', fresh, teacher],
    ['a trained student, packed', packed, trainedTeacher],
    ['a trained student with latent weights', latent, trainedTeacher],
    ['a trained student of one basis', dropped, trainedTeacher],
  ]
  const ofTwo = students.filter(([, student]) => student !== dropped)

  it.each(students)('sigma1 three times too large: %s', (_, student, teacher) => {
    expect(missed(student, teacher, wrongScale(3), 'scalesLeft')).toEqual([])
  })
  it.each(students)('sigma1 a third of what it was: %s', (_, student, teacher) => {
    expect(missed(student, teacher, wrongScale(1 / 3), 'scalesLeft', 'size')).toEqual([])
  })
  it.each(students)('both scales twice what they were: %s', (_, student, teacher) => {
    expect(missed(student, teacher, wrongScales(2), 'size', 'scalesLeft', 'agreeing')).toEqual([])
  })
  it.each(students)('both scales half of what they were: %s', (_, student, teacher) => {
    expect(missed(student, teacher, wrongScales(1 / 2), 'size', 'scalesLeft', 'agreeing')).toEqual([])
  })
  it.each(ofTwo)('sigma2 zero: %s', (_, student, teacher) => {
    expect(missed(student, teacher, secondBasisOff, 'ratio')).toEqual([])
  })
  it.each(ofTwo)('the second basis dropped: %s', (_, student, teacher) => {
    expect(missed(student, teacher, secondBasisGone, 'missingBases')).toEqual([])
  })
  it.each(students)('left in full precision: %s', (_, student, teacher) => {
    expect(missed(student, teacher, inFullPrecision, 'missingBases')).toEqual([])
  })
  it.each(students)('the signs of one channel flipped: %s', (_, student, teacher) => {
    expect(missed(student, teacher, flippedChannel, 'channelFlips')).toEqual([])
  })
  it.each(students)('and none of a sound student is far from its kind: %s', (_, student, teacher) => {
    for (const { layer, reasons } of standouts(soundOf(student, teacher)))
      expect(reasons[0]!.score, layer).toBeLessThan(1.5)
  })
  it('the signs of one channel flipped between two checkpoints, by flips, with the channel named', async () => {
    const before = await demoCheckpoint('mnist-lmb', '000200')
    const ids = packed.layers.map(({ id }) => id).filter((id) => packed.manifest[id]!.bases > 0)
    const dynamics = (id: string, fault: Fault) =>
      layerDynamics(
        id,
        [before, packed].map((checkpoint, i) => ({
          ...{ step: i, name: checkpoint.name, layers: new Map([[id, checkpoint.manifest[id]!]]) },
          read: async () =>
            (i === 0 ? partOf : (c: Checkpoint, id: string) => fault(partOf(c, id)))(checkpoint, id),
        })),
      )
    const worst = async (id: string, fault: Fault) => (await dynamics(id, fault)).moments[1]!.flips!.worst
    const sound = await Promise.all(ids.map((id) => worst(id, (part) => part)))
    for (const [i, id] of ids.entries()) {
      const { channel, share } = await worst(id, flippedChannel)
      expect(share, id).toBeGreaterThan(Math.max(...sound.toSpliced(i, 1).map((other) => other.share)))
      expect(channel, id).toBe(packed.layers.find((layer) => layer.id === id)!.outChannels - 1)
    }
  })
})

describe('standouts', async () => {
  const teacher = await readTeacher()
  const { layers } = await diagnose(null, binarized(teacher, 'lmb', 2))

  it('scores how far a layer is from the median, in units of how far the next one is', () => {
    const planes = (id: string, ratio: number): LayerRecord => {
      const record = layers.find(({ layer }) => layer.id === id)!
      const bases = record.weights.bases!
      return {
        ...record,
        weights: {
          ...record.weights,
          levelShares: null,
          bases: { ...bases, latent: null, ratio: { min: 0, median: ratio, max: 1 }, entropy: [] },
        },
      }
    }
    const ids = layers.flatMap(({ layer, precision }) => (precision.bases > 0 ? [layer.id] : [])).slice(0, 5)
    const ratios = [0.6, 0.7, 0.6, 0, 0.4]
    expect(standouts(ids.map((id, i) => planes(id, ratios[i]!)))).toEqual([
      {
        layer: ids[3],
        reasons: [
          {
            ...{ measure: 'ratio', value: 0, channel: null },
            ...{ median: expect.closeTo(0.6, 6), next: 0.4, score: expect.closeTo(3, 5) },
          },
        ],
      },
    ])
  })
  it('leaves out measures nobody has and by which nobody differs', () => {
    const measures = standouts(layers).flatMap(({ reasons }) => reasons.map(({ measure }) => measure))
    expect(measures).toContain('scalesLeft')
    expect(measures).not.toContain('channelFlips') // there is no teacher
    expect(measures).not.toContain('dead') // no layer has any
    expect(measures).not.toContain('missingBases') // all have two
  })
  it('says nothing of a teacher', async () => {
    expect(standouts((await diagnose(null, teacher)).layers)).toEqual([])
  })
  it('writes a reason with what other layers have', () => {
    const others = { median: 0.1, next: 0.4, score: 30 }
    expect(reasonInWords({ measure: 'scalesLeft', value: 9.53, channel: null, ...others })).toBe(
      'least-squares scales would gain 9.5 dB (median 0.1, next 0.4)',
    )
    expect(reasonInWords({ measure: 'channelFlips', value: 1, channel: 7, ...others })).toBe(
      '100.0 % of the signs of channel 7 are not the teacher’s (median 10.0, next 40.0)',
    )
  })
})
