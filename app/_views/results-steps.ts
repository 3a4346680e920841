/**
 * What each part of the method changes here, beside what the papers report of it: signs of differences only, since data,
 * networks and measures differ.
 */
import { type PublishedStep, publishedSteps } from '../../lib/record/published'
import { meanOf } from '../_charts/series'
import { formatFixed } from '../_ui/format'
import { activationWidth, type Measure, type ResultGroup, type ResultTable, valuesOf } from './results-rows'

export type StepVerdict = 'agrees' | 'does not agree' | 'undecided' | 'not comparable'

export type AblationStep = {
  /** 'LMB', 'LRM, on top of LMB', ... */
  name: string
  /** What happened here, in words; null if one of the two recipes has no result. */
  here: string | null
  /** What the papers report, in words, one per table. */
  there: string[]
  verdict: StepVerdict
}

/** From one recipe to another: the part of the method between them. */
const parts = [
  { name: 'LMB', from: 'sign', to: 'lmb' },
  { name: 'LRM alone', from: 'sign', to: 'sign+lrm' },
  { name: 'LRM (normalised) alone', from: 'sign', to: 'sign+lrm-normalised' },
  { name: 'LRM on top of LMB', from: 'lmb', to: 'lmb+lrm' },
  { name: 'LRM (normalised) on top of LMB', from: 'lmb', to: 'lmb+lrm-normalised' },
  { name: 'LRM and progressive initialisation on top of LMB', from: 'lmb', to: 'lmb+lrm+progressive' },
  { name: 'Progressive initialisation on top of LMB and LRM', from: 'lmb+lrm', to: 'lmb+lrm+progressive' },
  { name: 'All of v1', from: 'sign', to: 'lmb+lrm+progressive' },
  { name: 'EBB', from: 'sign', to: 'ebb' },
  { name: 'LRM on top of EBB', from: 'ebb', to: 'ebb+lrm' },
  { name: 'All of v5', from: 'sign', to: 'ebb+lrm' },
] as const

/** Differences smaller than this share count as none: the papers' own LRM row differs by 0.15 %. */
const negligible = 0.01

type Direction = 'lower' | 'higher' | 'same'

/** The direction of a distance, whose best is 0. */
const direction = (from: number, to: number): Direction =>
  Math.abs(to - from) <= negligible * Math.abs(from) ? 'same' : to < from ? 'lower' : 'higher'

/** The direction of a cosine, whose best is 1: what counts is how far from 1 it is. */
const cosineDirection = (from: number, to: number): Direction =>
  ({ lower: 'higher', higher: 'lower', same: 'same' })[direction(1 - from, 1 - to)] as Direction

/** Every part of which both recipes were evaluated here at the same bits, fewest bits first, in the order of the ablation. */
export function ablationSteps({ groups }: ResultTable): AblationStep[] {
  const students = groups.filter(({ recipe }) => recipe.id !== 'teacher')
  const allBits = [...new Set(students.map(({ bits }) => bits))].sort(
    (a, b) => activationWidth(a) - activationWidth(b),
  )
  return allBits.flatMap((bits) => {
    const own = students.filter((group) => group.bits === bits)
    return parts.flatMap(({ name, from, to }) => {
      const [a, b] = [onlyGroup(own, from), onlyGroup(own, to)]
      const full = allBits.length > 1 ? `${name}, ${bits}` : name
      return a && b ? [stepOf(full, a, b, publishedSteps(from, to))] : []
    })
  })
}

/** The group of a recipe; of several variants none can speak for it. */
function onlyGroup(groups: readonly ResultGroup[], recipe: string): ResultGroup | null {
  const found = groups.filter((group) => group.recipe.id === recipe)
  return found.length === 1 ? found[0]! : null
}

function stepOf(name: string, a: ResultGroup, b: ResultGroup, published: PublishedStep[]): AblationStep {
  const pairs = seedPairs(a, b, 'frechet')
  const cosines = seedPairs(a, b, 'cosine')
  const directions = pairs.map(([from, to]) => direction(from, to))
  const theirs = [...new Set(published.map(({ from, to }) => direction(from.values.fid!, to.values.fid!)))]
  return {
    name,
    here: [
      sentence(`${name} `, 'the distance', { pairs, directions, decimals: 1 }),
      sentence('', 'the same-seed cosine', {
        pairs: cosines,
        directions: cosines.map(([from, to]) => cosineDirection(from, to)),
        decimals: 3,
      }),
    ]
      .filter(Boolean)
      .join('; '),
    there: published.map(theirSentence),
    verdict: verdictOf(directions, theirs),
  }
}

/** Values of both groups seed by seed; if they share no seed, their means. */
function seedPairs(a: ResultGroup, b: ResultGroup, measure: Measure): [number, number][] {
  const pairs = a.results.flatMap((one) => {
    const other = b.results.find((result) => result.seed !== null && result.seed === one.seed)
    const [from, to] = [one.values[measure], other?.values[measure]]
    return from !== null && to !== null && to !== undefined ? [[from, to] as [number, number]] : []
  })
  const [meanA, meanB] = [meanOf(valuesOf(a, measure)), meanOf(valuesOf(b, measure))]
  return pairs.length > 0 || meanA === null || meanB === null ? pairs : [[meanA, meanB]]
}

function verdictOf(here: readonly Direction[], there: readonly Direction[]): StepVerdict {
  if (there.length !== 1 || here.length === 0) return 'not comparable'
  if (new Set(here).size > 1) return 'undecided'
  return here[0] === there[0] ? 'agrees' : 'does not agree'
}

/** "LMB lowers the distance in 3 of 3 seeds (184.1 → 91.3 in the mean)". */
function sentence(
  subject: string,
  what: string,
  { pairs, directions, decimals }: { pairs: [number, number][]; directions: Direction[]; decimals: number },
): string {
  if (pairs.length === 0) return ''
  const most = (['lower', 'higher', 'same'] as const).toSorted(
    (a, b) => count(directions, b) - count(directions, a),
  )[0]!
  const verb = { lower: 'lowers', higher: 'raises', same: 'leaves' }[most]
  const end = most === 'same' ? ' as it is' : ''
  const [from, to] = [0, 1].map((side) => formatFixed(meanOf(pairs.map((pair) => pair[side]!)), decimals))
  const seeds = `${count(directions, most)} of ${pairs.length} ${pairs.length === 1 ? 'seed' : 'seeds'}`
  return `${subject}${verb} ${what}${end} in ${seeds} (${from} → ${to}${pairs.length > 1 ? ' in the mean' : ''})`
}

function theirSentence({ from, to }: PublishedStep): string {
  const [before, after] = [from.values.fid!, to.values.fid!]
  const verb = { lower: 'lowers FID', higher: 'raises FID', same: 'leaves FID as it is' }[
    direction(before, after)
  ]
  return `${verb} ${formatFixed(before, 2)} → ${formatFixed(after, 2)} (${from.version}, ${from.bits})`
}

const count = <T>(items: readonly T[], value: T): number => items.filter((item) => item === value).length
