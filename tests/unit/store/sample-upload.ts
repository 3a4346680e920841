import { createHash } from 'node:crypto'
import type { CheckpointUpload, LayerRecord } from '../../../lib/record/run'

const moments = { count: 4, mean: 0.5, std: 0.25, min: 0, max: 1, meanAbs: 0.5, kurtosis: null, nonFinite: 0 }
const weights = { histogram: { lo: -1, hi: 1, counts: [1, 3] }, moments }

/** Values that float32 holds exactly, so that what comes back can be compared with toEqual. */
export function sampleLayer(id: string): LayerRecord {
  return {
    layer: {
      id,
      kind: 'conv',
      place: { part: 'down', level: 0, block: 1, role: 'conv2' },
      inChannels: 2,
      outChannels: 2,
      kernel: 3,
      stride: 1,
      resolution: 8,
      macs: 2304,
      parameters: 38,
    },
    precision: { method: 'lmb', bases: 2, activationBits: 4 },
    weights: {
      latent: weights,
      teacher: weights,
      sigma1: [0.5, 0.25],
      sigma2: [0.125, 0.0625],
      levelShares: [0.25, 0.25, 0.25, 0.25],
      alpha: 0.1,
      reconstruction: { sqnr: 7.25, cosine: 0.9 },
      againstTeacher: { sqnr: 6.5, cosine: 0.8 },
      flips: 0.01,
    },
    alignment: {
      sqnr: [1.5, null, -3],
      cosine: [0.5, null, 0.25],
      lowRankCosine: [null, null, null],
      lowRankTeacherEnergy: [0.75, 0.5, 0],
      lowRankStudentEnergy: [0.75, 0.5, 1],
      rank: 1,
    },
  }
}

export function sampleUpload(
  changes: { name?: string; step?: number; content?: string } = {},
): CheckpointUpload {
  const { name = 'w1a4-lmb', step = 1000, content = `${name} ${step}` } = changes
  return {
    run: {
      name,
      role: 'student',
      teacher: 'teacher',
      method: 'lmb',
      bits: 'W1A4',
      settings: { learningRate: 0.001, nested: { list: [1, null, 'x'] } },
    },
    step,
    fileName: `step-${step}.safetensors`,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    teacherSha256: 'a'.repeat(64),
    diagnosis: {
      family: 'ddim',
      config: { ch: 32, ch_mult: [1, 2] },
      assumptions: ['One attention head.'],
      ledger: {
        fullPrecisionBytes: 152,
        packedBytes: 20,
        signBytes: 9,
        secondBasisBytes: 9,
        scaleBytes: 16,
        floatBytes: 8,
        macs: 4608,
        parameters: 76,
      },
      timesteps: [900, 500, 100],
      protocol: { seed: 7, images: 4, steps: 3, source: 'teacher-trajectory' },
      output: { sqnr: [10, null, 20], cosine: [0.5, null, 1] },
      layers: [sampleLayer('down.0.block.1.conv2'), { ...sampleLayer('conv_in'), alignment: null }],
    },
    samples: {
      seed: 7,
      images: 1,
      width: 2,
      height: 2,
      channels: 1,
      sampler: 'ddim',
      steps: 3,
      cosineToTeacher: 0.9,
      pixels: 'AAEC/w==',
    },
  }
}

/** A teacher's first checkpoint: nothing to compare with, hence full of nulls. */
export function sampleTeacher(name = 'teacher'): CheckpointUpload {
  const student = sampleUpload({ name, step: 0 })
  return {
    ...student,
    run: { ...student.run, role: 'teacher', teacher: null, method: 'teacher', bits: 'FP32' },
    teacherSha256: null,
    diagnosis: { ...student.diagnosis, timesteps: [], protocol: null, output: null, layers: [] },
    samples: null,
  }
}
