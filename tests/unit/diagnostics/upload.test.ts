import { beforeAll, describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import { buildUpload, methodLabel, runName } from '../../../lib/diagnostics/upload'
import { bitsLabel, type LayerPrecision } from '../../../lib/record/precision'
import { CheckpointUpload, type Diagnosis } from '../../../lib/record/run'
import type { Checkpoint } from '../../../lib/unet/checkpoint'
import { binarized, readTeacher } from './pair'

const file = { name: 'runs/w1a4.v2/step-000200.safetensors', sha256: 'b'.repeat(64), bytes: 12 }
const teacherFile = { name: 'fp.ckpt', sha256: 'a'.repeat(64), bytes: 34 }
let teacher: Checkpoint
let student: Checkpoint
let diagnosis: Diagnosis

beforeAll(async () => {
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  diagnosis = await diagnose(null, teacher)
})

describe('buildUpload', () => {
  it('makes a student of a checkpoint with a teacher, and can be stored', () => {
    const about = { ...student.about, run: 'w1a4-lmb', step: 200, settings: { batch: 32 } }
    const upload = buildUpload({
      checkpoint: { ...student, about },
      file,
      teacher: { checkpoint: teacher, file: teacherFile },
      diagnosis,
      samples: null,
    })
    expect(z.parse(CheckpointUpload, upload)).toEqual(upload)
    expect(upload.run).toEqual({
      name: 'w1a4-lmb',
      role: 'student',
      teacher: 'fp',
      method: 'lmb',
      bits: 'W1A4',
      settings: { batch: 32 },
    })
    expect(upload).toMatchObject({
      step: 200,
      sha256: file.sha256,
      bytes: 12,
      teacherSha256: teacherFile.sha256,
    })
  })
  it('makes a teacher of a full-precision checkpoint alone', () => {
    const upload = buildUpload({ checkpoint: teacher, file, teacher: null, diagnosis, samples: null })
    expect(upload.run).toMatchObject({ role: 'teacher', teacher: null, method: 'teacher', bits: 'FP32' })
    expect(upload.teacherSha256).toBe(null)
  })
  it('makes a student of a binarized checkpoint whatever else is known', () => {
    const upload = buildUpload({ checkpoint: student, file, teacher: null, diagnosis, samples: null })
    expect(upload.run).toMatchObject({ role: 'student', teacher: null, method: 'lmb' })
  })
  it('says when a student names another teacher file', () => {
    const from = (teacherSha256: string) =>
      buildUpload({
        checkpoint: { ...student, about: { ...student.about, teacherSha256 } },
        file,
        teacher: { checkpoint: teacher, file: teacherFile },
        diagnosis,
        samples: null,
      })
    expect(from(teacherFile.sha256).diagnosis.assumptions).toEqual(diagnosis.assumptions)
    const doubted = from('c'.repeat(64))
    expect(doubted.diagnosis.assumptions.at(-1)).toContain(
      'fp.ckpt, which is not the file it was trained from',
    )
    expect(doubted.teacherSha256).toBe(teacherFile.sha256)
  })
})

describe('runName', () => {
  it('is the chosen one, else the one in the file, else the file name without folder and ending', () => {
    const named = { ...teacher, about: { ...teacher.about, run: 'own' } }
    expect(runName(named, file, 'chosen')).toBe('chosen')
    expect(runName(named, file, '  ')).toBe('own')
    expect(runName(teacher, file)).toBe('step-000200')
    expect(runName(teacher, { ...file, name: '.pt' })).toBe('.pt')
    expect(runName(teacher, { ...file, name: 'C:\\models\\unet.v1.BIN' })).toBe('unet.v1')
    expect(runName(teacher, { ...file, name: 'x'.repeat(200) })).toHaveLength(120)
  })
})

describe('labels', () => {
  const layer = (
    method: LayerPrecision['method'],
    bases: 0 | 1 | 2,
    activationBits: 4 | 8 | 32,
  ): LayerPrecision => ({
    method,
    bases,
    activationBits,
  })
  it('name the methods of binarized layers', () => {
    expect(methodLabel({ a: layer('fp', 0, 32) })).toBe('fp')
    expect(methodLabel({ a: layer('fp', 0, 32), b: layer('sign', 1, 4), c: layer('lmb', 2, 4) })).toBe(
      'lmb + sign',
    )
  })
  it('count one bit per weight of a plane, and the inputs of binarized layers alone', () => {
    expect(bitsLabel({ a: layer('fp', 0, 32), b: layer('lmb', 2, 4) })).toBe('W1A4')
    expect(bitsLabel({ a: layer('fp', 0, 8) })).toBe('FP32')
    expect(bitsLabel({ a: layer('sign', 1, 32) })).toBe('W1A32')
    expect(bitsLabel({ a: layer('sign', 1, 8), b: layer('lmb', 2, 4) })).toBe('W1A4/8')
  })
})
