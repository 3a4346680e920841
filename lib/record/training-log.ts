/** The lines of a training's log.jsonl, as the scalars of its run. */
import type { Scalar } from './run'

/**
 * Name of a value in log.jsonl -> name of its scalar. `loss` is what is minimised. Its terms: eps is the error of
 * the predicted noise, lrm that of low-rank representation mimicking before its weight, ebb the penalty on sigma2.
 */
const names = new Map([
  ['loss', 'loss'],
  ['eps', 'eps loss'],
  ['lrm', 'LRM loss'],
  ['ebb', 'EBB penalty'],
  ['learningRate', 'learning rate'],
  ['gradientNorm', 'gradient norm'],
  ['secondsPerStep', 'seconds per step'],
])

/** The scalars of one line; what is not a finite number is left out. */
export function scalarsOfLine(line: { step: number }): Scalar[] {
  const values = line as Record<string, unknown>
  return [...names].flatMap(([key, name]) => {
    const value = values[key]
    return typeof value === 'number' && Number.isFinite(value) ? [{ name, step: line.step, value }] : []
  })
}

/** The scalars of a whole log up to a step. A last line that was cut off is left out. */
export function scalarsOfLog(text: string, upTo = Number.POSITIVE_INFINITY): Scalar[] {
  const lines = text.split('\n').flatMap((line) => parsed(line) ?? [])
  return lines.filter(({ step }) => step <= upTo).flatMap(scalarsOfLine)
}

function parsed(line: string): { step: number } | null {
  try {
    return JSON.parse(line) as { step: number }
  } catch {
    return null
  }
}
