import { readFileSync } from 'node:fs'

type Golden = {
  points: { D: number; real: number[]; fake: number[] }
  frechet: number
  manifold: { precision: number; recall: number; coverage: number }
  singular: { D: number; a: number[]; b: number[]; frechet: number }
  pictures: { h: number; w: number; a: number[]; b: number[]; ssim: number }
}

/** Measures by numpy, see tests/golden/evaluation.py. */
export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../golden/evaluation.json', import.meta.url), 'utf8'),
)
