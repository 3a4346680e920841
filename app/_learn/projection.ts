/** LRM in the plane: features of two channels on one axis, by the functions of LRM. Pure. */

import { energyOf, lowRankAlignment } from '../../lib/lrm/alignment'
import { errorMeasures, errorSums } from '../../lib/math/errors'
import { leadingAxes, project, secondMoment } from '../../lib/math/pca'
import { normal } from '../../lib/math/rng'

const points = 40

/** The teacher's features [N, 2]: long in one direction. */
export const teacherCloud: Float32Array = (() => {
  const draws = normal(3, 1, new Float32Array(2 * points))
  return draws.map((_, i) => {
    const [along, across] = [1.1 * draws[i - (i % 2)]!, 0.32 * draws[i - (i % 2) + 1]!]
    return i % 2 === 0 ? 0.86 * along - 0.5 * across : 0.5 * along + 0.86 * across
  })
})()

/** The student's features: the teacher's with an error of `size` whose direction is `degrees` from the x axis. */
export function studentCloud(degrees: number, size = 0.45): Float32Array {
  const draws = normal(3, 2, new Float32Array(points))
  const direction = axisAt(degrees)
  return teacherCloud.map((v, i) => v + size * draws[i >> 1]! * direction[i % 2]!)
}

/** A unit vector [2, 1] by its angle from the x axis. */
export function axisAt(degrees: number): Float32Array {
  const angle = (degrees * Math.PI) / 180
  return Float32Array.of(Math.cos(angle), Math.sin(angle))
}

/** Angle of the teacher's first principal axis (uncentred), 0 to 180 degrees. */
export function principalAngle(features: Float32Array = teacherCloud): number {
  const [x, y] = leadingAxes(secondMoment(features, 2), 2, 1) ?? [1, 0]
  return ((Math.atan2(y!, x!) * 180) / Math.PI + 180) % 180
}

export type AxisFit = {
  /** Mean square difference on the axis: LRM's loss before its weight. */
  loss: number | null
  /** The same over both channels. */
  mse: number | null
  /** Share of the teacher's energy on the axis, 0 to 1. */
  energy: number | null
  /** Of both networks on the axis. */
  cosine: number | null
}

export function axisFit(teacher: Float32Array, student: Float32Array, degrees: number): AxisFit {
  const axis = axisAt(degrees)
  const [a, b] = [teacher, student].map((cloud) => project(cloud, axis, 2)) as [Float32Array, Float32Array]
  const { cosine, teacherEnergy } = lowRankAlignment(
    { values: a, energy: energyOf(teacher) },
    { values: b, energy: energyOf(student) },
  )
  return {
    loss: errorMeasures(errorSums(a, b)).mse,
    mse: errorMeasures(errorSums(teacher, student)).mse,
    energy: teacherEnergy,
    cosine,
  }
}
