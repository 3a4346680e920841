/** How well a student's features agree with the teacher's where the teacher's features live. */
import { errorMeasures, errorSums } from '../math/errors'

/** Features projected on the teacher's axes, [N, k], and the energy (sum of squares) the features had before. */
export type Projected = { values: Float32Array; energy: number }

/** Cosine of the two projections, and the share of each network's energy the axes hold, 0 to 1. */
export type LowRankAlignment = {
  cosine: number | null
  teacherEnergy: number | null
  studentEnergy: number | null
}

/** null where a value cannot be had: no energy, or a feature that is not finite. */
export function lowRankAlignment(teacher: Projected, student: Projected): LowRankAlignment {
  const sums = errorSums(teacher.values, student.values)
  return {
    cosine: errorMeasures(sums).cosine,
    teacherEnergy: shareOf(sums.energy, teacher.energy),
    studentEnergy: shareOf(sums.otherEnergy, student.energy),
  }
}

/** Sum of squares, in float64. */
export function energyOf(values: Float32Array): number {
  let energy = 0
  for (let i = 0; i < values.length; i++) energy += values[i]! * values[i]!
  return energy
}

function shareOf(kept: number, energy: number): number | null {
  const share = kept / energy
  // float32 projections of features inside the span may exceed the whole by a rounding
  return Number.isFinite(share) ? Math.min(1, share) : null
}
