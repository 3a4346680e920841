import { describe, expect, it } from 'vitest'
import * as z from 'zod/mini'
import { Evaluation, evaluationKey, mergeEvaluations, protocolKey } from '../../../lib/record/evaluation'

const row: Evaluation = {
  subject: 'checkpoint',
  run: 'mnist-lmb',
  step: 1200,
  sha256: 'a'.repeat(64),
  teacherSha256: null,
  protocol: {
    images: 100,
    seed: 7,
    set: 'mnist',
    split: 'test',
    width: 28,
    height: 28,
    channels: 1,
    features: 'penultimate layer of a small classifier',
    classifier: 'mnist-seed1-v1',
    classifierAccuracy: 0.99,
    pooledValues: 196,
    neighbours: 3,
    coverageNeighbours: 5,
  },
  sampling: { sampler: 'ddim', steps: 25, eta: 0, schedule: 'ddim', clip: false },
  frechetDistance: 80,
  precision: 0.5,
  recall: 0.5,
  coverage: 0.5,
  confidence: 0.9,
  classShares: [0.5, 0.5],
  paired: null,
}
const real: Evaluation = { ...row, subject: 'real', run: null, step: null, sha256: null, sampling: null }

describe('an evaluation', () => {
  it('survives JSON and is refused when a share is none', () => {
    expect(z.parse(Evaluation, JSON.parse(JSON.stringify(row)))).toEqual(row)
    expect(z.safeParse(Evaluation, { ...row, precision: 1.2 }).success).toBe(false)
    expect(z.safeParse(Evaluation, { ...row, frechetDistance: Number.NaN }).success).toBe(false)
    expect(z.safeParse(Evaluation, { ...row, sha256: 'short' }).success).toBe(false)
  })
  it('is known by content, sampling and protocol, not by the order of fields', () => {
    const reversed = Object.fromEntries(Object.entries(row.protocol).reverse()) as Evaluation['protocol']
    expect(protocolKey(reversed)).toBe(protocolKey(row.protocol))
    const other = [
      { ...row, sha256: 'b'.repeat(64) },
      { ...row, protocol: { ...row.protocol, images: 1000 } },
      { ...row, sampling: { ...row.sampling!, steps: 50 } },
      real,
    ]
    expect(new Set([row, ...other].map(evaluationKey)).size).toBe(5)
    expect(evaluationKey({ ...row, run: 'renamed', frechetDistance: 1 })).toBe(evaluationKey(row))
  })
})

describe('mergeEvaluations', () => {
  it('replaces what was measured again in its place and adds the rest', () => {
    const again = { ...row, frechetDistance: 79 }
    const other = { ...row, sha256: 'b'.repeat(64) }
    expect(mergeEvaluations([row, real], [again, other])).toEqual([again, real, other])
  })
})
