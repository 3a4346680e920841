/** Sensitivities and the recipes found from them, as text. */
import type { RecipePoint, RecipeSearch } from '../diagnostics/sensitivity/recipe-search'
import type { Sensitivity } from '../diagnostics/sensitivity/sensitivity'
import type { Estimate } from '../math/estimate'

/** Parts by the harm they do alone, most first. */
export function describeSensitivity({ by, timesteps, seeds, images, student, parts }: Sensitivity): string {
  const width = Math.max(by.length, ...parts.map(({ id }) => id.length))
  const cells = timesteps.length * seeds.length
  return [
    `error of eps against the teacher's, mean over ${timesteps.length} timesteps x ${seeds.length} seeds ± standard error (n = ${cells}, ${images} images each)`,
    `the student as it is: ${plusMinus(student.normalised).trim()}`,
    `${by.padEnd(width)}  ${'binarized alone'.padStart(19)}  ${'restored alone'.padStart(19)}  ${'gain of restoring'.padStart(20)}`,
    ...parts.map(({ id, binarized, restored, gain }) =>
      [
        id.padEnd(width),
        plusMinus(binarized.normalised),
        plusMinus(restored.normalised),
        plusMinus(gain.normalised, 20),
      ].join('  '),
    ),
  ].join('\n')
}

/** 0.0123 ± 0.0004, right-aligned. */
function plusMinus(error: Estimate | null, width = 19): string {
  return (error ? `${error.mean.toFixed(5)} ± ${error.standardError.toFixed(5)}` : 'not finite').padStart(
    width,
  )
}

/** The choices from the cheapest up, and which layers the best of them gives more than one basis. */
export function describeSearch({
  unit,
  convention,
  budget,
  studentCost,
  points,
  best,
}: RecipeSearch): string {
  const chosen = points[best]!
  const count = (point: RecipePoint, bases: 0 | 1 | 2) =>
    String(point.layers.filter(([, own]) => own === bases).length).padStart(7)
  const names = { 0: 'full precision', 1: 'one basis', 2: 'two bases' } as const
  const ids = (bases: 0 | 2) => {
    const found = chosen.layers.filter(([, own]) => own === bases).map(([id]) => id)
    return found.length === 0 ? [] : [`${names[bases]}: ${found.join(', ')}`]
  }
  return [
    `bits against error: at most ${whole(budget)} ${unit} (${convention}; the student has ${whole(studentCost)}); * on the Pareto front`,
    `${unit.padStart(12)}  1 basis 2 bases    full  sum of harms  error as a whole, untrained`,
    ...points.map((point) =>
      [
        `${whole(point.cost).padStart(12)}  ${count(point, 1)} ${count(point, 2)} ${count(point, 0)}`,
        point.predicted.toFixed(5).padStart(12),
        `${plusMinus(point.error.normalised)}${point.front ? ' *' : ''}`,
      ].join('  '),
    ),
    `the best of them, at ${whole(chosen.cost)} ${unit}: ${names[1]} but for`,
    ...ids(2),
    ...ids(0),
  ].join('\n')
}

const whole = (value: number) => Math.round(value).toString()
