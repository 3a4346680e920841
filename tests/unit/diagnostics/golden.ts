import { readFileSync } from 'node:fs'
import type { BasisStats } from '../../../lib/record/run'

type BasisCase = {
  name: string
  channels: number
  w: number[]
  teacher: number[]
  sigma1: number[]
  sigma2: number[] | null
  stats: Omit<BasisStats, 'dead'>
}

type Moment = {
  step: number
  w: number[]
  sigma1: number[]
  sigma2: number[]
  flips: { first: number; second: number; worst: { channel: number; share: number } } | null
  drift: [number, number]
}

type Golden = {
  bases: BasisCase[]
  dynamics: {
    channels: number
    perChannel: number
    moments: Moment[]
    moved: number
    repeated: number
  }
}

/** Values from NumPy and PyTorch; tests/golden/bases.py writes them and says how. */
export const golden: Golden = JSON.parse(
  readFileSync(new URL('../../golden/bases.json', import.meta.url), 'utf8'),
)

/** Numbers of a nested record by their paths, to compare every one of them. */
export function numbersIn(value: unknown, path = ''): Map<string, number> {
  if (typeof value === 'number') return new Map([[path, value]])
  if (typeof value !== 'object' || value === null) return new Map()
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...numbersIn(inner, `${path}.${key}`)]))
}
