import { describe, expect, it } from 'vitest'
import { imageOf, imageSqnr, medianMs, noTrace, sampleFinding, type Trace } from '../../../app/_sample/trace'

/** Two images of one channel with 1 x 2 values. */
const shape = [2, 1, 1, 2] as const

function trace(steps: number[][], final: number[] | null = null): Trace {
  return {
    ...noTrace,
    phase: final ? 'done' : 'sampling',
    shape,
    timesteps: [900, 600, 300, 0],
    steps: steps.map((values, i) => ({
      xt: Float32Array.from(values),
      x0: Float32Array.from(values),
      ms: [7, 1, 2, 3][i]!,
    })),
    final: final && Float32Array.from(final),
  }
}

const ones = [1, 1, 1, 1]

describe('imageOf', () => {
  it('is the part of the batch that belongs to the image', () => {
    expect([...imageOf(Float32Array.of(1, 2, 3, 4), 2, 1)]).toEqual([3, 4])
  })
})

describe('imageSqnr', () => {
  it('compares one image at the steps both networks have done', () => {
    const teacher = trace([ones, ones, ones])
    const student = trace([
      [9, 9, 0.9, 0.9],
      [1, 1, 0, 0],
    ])
    const values = imageSqnr(teacher, student, 'x0', 1)
    expect(values).toHaveLength(2)
    // An error of a tenth is 20 dB, an error as large as the signal 0 dB; 0.9 in float32 is off by 2e-8.
    expect(values[0]).toBeCloseTo(20, 4)
    expect(values[1]).toBeCloseTo(0, 10)
  })

  it('is null where the teacher has no signal', () => {
    expect(imageSqnr(trace([[0, 0, 0, 0]]), trace([ones]), 'xt', 0)).toEqual([null])
  })
})

describe('medianMs', () => {
  it('is not moved by a slow first step', () => {
    expect(medianMs(trace([ones, ones, ones]))).toBe(2)
    expect(medianMs(trace([ones, ones, ones, ones]))).toBe(2.5)
  })

  it('is null before the first step', () => {
    expect(medianMs(noTrace)).toBeNull()
  })
})

describe('sampleFinding', () => {
  const steps = [ones, ones, ones, ones]

  it('says nothing while a network is still drawing', () => {
    expect(sampleFinding(trace(steps, ones), trace(steps), [30, 20, 9, 8])).toBeNull()
  })

  it('tells the timestep where the states fall below 10 dB for good, and how the images agree', () => {
    const finding = sampleFinding(trace(steps, ones), trace(steps, [0.9, 0.9, 0.9, 0.9]), [30, 20, 9, 8])
    expect(finding?.parting).toEqual({ kind: 'from', t: 300 })
    expect(finding?.finalSqnr).toBeCloseTo(20, 4)
    expect(finding?.finalCosine).toBeCloseTo(1, 6)
  })
})
