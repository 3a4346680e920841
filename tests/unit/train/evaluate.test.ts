import { memory } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { schedule } from '../../../lib/diffusion/schedule'
import { classifierTraining, trainClassifier } from '../../../lib/train/evaluation/classifier'
import { type Candidate, checkpointRow, draw } from '../../../lib/train/evaluation/evaluate'
import { type Judge, makeJudge } from '../../../lib/train/evaluation/judge'
import { noisePictures } from '../../../lib/train/evaluation/references'
import { binarized, readTeacher } from '../diagnostics/pair'

/** Colour pictures of the size the miniature network draws. */
const pictures = (n: number) => ({
  ...noisePictures([3, 16, 16], n, 1),
  labels: Uint8Array.from({ length: n }, (_, i) => i % 2),
})
let judgeOf: (images: number) => Judge
let teacher: Candidate
let student: Candidate

beforeAll(async () => {
  await startBackend()
  const trained = await trainClassifier(pictures(8), 2, { ...classifierTraining, steps: 0 })
  const classifier = { ...trained, name: 'untrained', accuracy: 0.5 }
  judgeOf = (images) => makeJudge(classifier, pictures(images), { seed: 7, set: 'noise' })
  const sampling = { schedule: schedule('ddim') }
  const checkpoint = await readTeacher()
  teacher = { checkpoint, sha256: 'a'.repeat(64), sampling }
  student = { checkpoint: binarized(checkpoint, 'sign', 1), sha256: 'b'.repeat(64), sampling }
})

describe('draw', () => {
  it('draws image i the same to the bit whatever their number, and leaks no tensor', async () => {
    const before = memory().numTensors
    const few = await draw(judgeOf(8), teacher, { steps: 1 })
    const many = await draw(judgeOf(40), teacher, { steps: 1 })
    expect(many.pixels).toHaveLength(40 * 768)
    expect(many.pixels.slice(0, 8 * 768)).toEqual(few.pixels)
    expect(many.classes).toHaveLength(40)
    expect(memory().numTensors).toBe(before)
  })
  it('counts steps over all batches and stops when it is cancelled', async () => {
    const seen: [number, number][] = []
    const controller = new AbortController()
    const cancelled = draw(judgeOf(40), teacher, {
      steps: 1,
      signal: controller.signal,
      onProgress: (done, total) => {
        seen.push([done, total])
        if (done === 2) controller.abort(new Error('enough'))
      },
    })
    await expect(cancelled).rejects.toThrow('enough')
    expect(seen).toEqual([
      [1, 2],
      [2, 2],
    ])
  })
  it('refuses a checkpoint that draws pictures of another shape', async () => {
    const judge: Judge = { ...judgeOf(8), shape: [1, 28, 28] }
    await expect(draw(judge, teacher, { steps: 1 })).rejects.toThrow('3x16x16')
  })
})

describe('checkpointRow', () => {
  it('compares a student with its teacher, and no checkpoint with itself', async () => {
    const judge = judgeOf(8)
    const ofTeacher = await draw(judge, teacher, { steps: 2 })
    const ofStudent = await draw(judge, student, { steps: 2 })
    const row = checkpointRow(judge, student, ofStudent, ofTeacher)
    expect(row).toMatchObject({
      subject: 'checkpoint',
      sha256: student.sha256,
      teacherSha256: teacher.sha256,
    })
    expect(row.sampling).toEqual({ sampler: 'ddim', steps: 2, eta: 0, schedule: 'ddim', clip: false })
    expect(row.paired!.cosine).toBeLessThan(0.999)
    expect(checkpointRow(judge, teacher, ofTeacher, ofTeacher)).toMatchObject({
      teacherSha256: null,
      paired: null,
    })
    expect(checkpointRow(judge, student, ofStudent, null).paired).toBe(null)
  })
})
