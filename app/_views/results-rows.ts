/**
 * Evaluations as tables of an ablation, as the page shows them: one table per protocol, one row per recipe, its seeds side
 * by side. Rows of different protocols never share a table, since their numbers cannot be compared.
 */
import type { Evaluation, EvaluationProtocol, EvaluationSampling } from '../../lib/record/evaluation'
import type { Recipe } from '../../lib/record/recipe'
import { isMeasured } from '../_charts/series'
import { formatCount } from '../_ui/format'

export type Measure =
  | 'frechet'
  | 'cosine'
  | 'ssim'
  | 'psnr'
  | 'agreement'
  | 'coverage'
  | 'recall'
  | 'precision'
  | 'sqnr'
  | 'bytes'
export type Measures = Record<Measure, number | null>

/** One evaluated checkpoint. */
export type ResultCheckpoint = {
  run: string
  /** Palette slot; null for teachers and for runs that are not stored. */
  slot: number | null
  seed: number | null
  step: number
  /** Steps of the whole training; null if unknown. */
  steps: number | null
  values: Measures
}

/** One recipe: runs that differ in nothing but the seed. */
export type ResultGroup = {
  key: string
  recipe: Recipe
  /** 'W1A4'; '' where the run is not stored. */
  bits: string
  /** What else sets it apart from other groups of its table or recipe: "W1A8", "steps 1200"; '' if nothing does. */
  variant: string
  /** The last evaluated checkpoint of each run, by seed. */
  results: ResultCheckpoint[]
  /** Every evaluated checkpoint of every run, ascending by step. */
  history: ResultCheckpoint[]
}

export type ResultReference = { subject: Exclude<Evaluation['subject'], 'checkpoint'>; values: Measures }

export type ResultTable = {
  key: string
  protocol: EvaluationProtocol
  /** null when nothing but references was measured. */
  sampling: EvaluationSampling | null
  groups: ResultGroup[]
  references: ResultReference[]
}

/** Tables of one image set, that with most checkpoints first. */
export type ResultSet = { set: string; tables: ResultTable[] }

/** Values of one measure over the seeds of a group. */
export const valuesOf = (group: ResultGroup, measure: Measure): number[] =>
  group.results.map(({ values }) => values[measure]).filter(isMeasured)

/** 4 of 'W1A4'; 0 of ''. */
export const activationWidth = (bits: string): number => Number(bits.split('A')[1] ?? 0)

/** "+ LMB", "+ LMB, steps 1200". */
export const groupName = ({ recipe, variant }: ResultGroup): string =>
  variant ? `${recipe.label}, ${variant}` : recipe.label

/** "1,000 of 1,200 steps" if a checkpoint is not the end of its training; '' if it is. */
export function unfinished({ step, steps }: ResultCheckpoint): string {
  return steps === null || step >= steps ? '' : `${formatCount(step)} of ${formatCount(steps)} steps`
}
