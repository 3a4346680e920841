/**
 * Where a budget of bytes or operations is best spent: every binarized layer of a student with one basis, two bases or its
 * teacher's weights. The search goes by what each does alone in the teacher; what it finds is then run as a whole.
 */
import { bitsOf, floatBits, type LayerBits } from '../../cost/bits'
import { costOf } from '../../cost/conventions'
import type { LayerPrecision } from '../../record/precision'
import type { LayerSwitch } from '../../record/switches'
import { InputError } from '../../tensor/error'
import type { Checkpoint } from '../../unet/checkpoint'
import type { Source } from '../../unet/mixture'
import { switchLayers } from '../../unet/switched'
import { parameterCount } from '../../unet/unet'
import { type Choice, greedyChoices, type Option, paretoFront } from './search'
import { type ErrorEstimate, errorEstimate, type Sensitivity } from './sensitivity'
import { type MeasureOptions, measureVariants, type Protocol, type Variant } from './variants'

export const budgetUnits = ['bytes', 'operations'] as const
export type BudgetUnit = (typeof budgetUnits)[number]

/** Both counted as `bases-counted` does: bytes of the packed file, Eq. 16-17 for every basis. */
export const searchConvention = 'bases-counted'

export type Bases = 0 | 1 | 2

export type RecipePoint = {
  cost: number
  /** Sum of the harms its parts do alone in the teacher. */
  predicted: number
  /** Of the student with these layers, as it is, without training. */
  error: ErrorEstimate
  /** No other point is cheaper and better. */
  front: boolean
  /** Bases of every layer the student has binarized, by id; 0 is full precision. */
  layers: [id: string, bases: Bases][]
}

export type RecipeSearch = {
  unit: BudgetUnit
  convention: typeof searchConvention
  budget: number
  /** Cost of the student as it is. */
  studentCost: number
  /** Choices on the way of the greedy search within the budget, cheapest first. */
  points: RecipePoint[]
  /** Place among them of the one with the least error; the cheaper of equals. */
  best: number
}

export type Budget = { unit: BudgetUnit; budget: number }

/** Points that are run as a whole, the first and the last among them. */
const mostPoints = 10

/** The harm of a part whose output is not finite: worse than anything measured. */
const hopeless = 1e9

/** The student with one basis where it has two and the other way round; its kept layers as they are. */
export function otherBases(teacher: Checkpoint, student: Checkpoint): Checkpoint {
  const switches = binarizedLayers(student).map((index): [number, LayerSwitch] => {
    const bases = basesOf(student, index) === 1 ? 2 : 1
    return [index, { bases, activationBits: null }]
  })
  return switchLayers(student, teacher, new Map(switches))
}

/** Cost of the student as it is. */
export function studentCost(student: Checkpoint, unit: BudgetUnit): number {
  return total(
    student,
    unit,
    student.layers.map(({ id }) => bitsOf(student.manifest[id]!)),
  )
}

/**
 * Searches by the parts of `sensitivity`. The networks, ready to run: teacher, student, and `otherBases` of it. Throws an
 * InputError if not even one basis everywhere fits the budget, or nothing is binarized; the signal's reason when aborted.
 */
export async function searchRecipe(
  checkpoints: { teacher: Checkpoint; student: Checkpoint },
  [teacher, student, other]: readonly [Source, Source, Source],
  sensitivity: Sensitivity,
  { unit, budget }: Budget,
  protocol: Protocol,
  { signal, onProgress = () => {} }: MeasureOptions = {},
): Promise<RecipeSearch> {
  const own = checkpoints.student
  const parts = searchedParts(own, sensitivity)
  const sourceOf = (index: number, bases: Bases) =>
    bases === 0 ? teacher : basesOf(own, index) === bases ? student : other
  const donors = (layers: readonly number[], bases: Bases) =>
    layers.map((index): [number, Source] => [index, sourceOf(index, bases)])
  const measure = (variants: Variant[], from: number, to: number) =>
    measureVariants(checkpoints.teacher, teacher, variants, protocol, {
      signal,
      onProgress: (done, all) => onProgress(from + ((to - from) * done) / all, 1),
    })

  const alone = parts.flatMap(({ layers, known }, part) =>
    ([1, 2] as const)
      .filter((bases) => !known.has(bases))
      .map((bases) => ({ part, bases, donors: new Map(donors(layers, bases)) })),
  )
  const carried = alone.map(({ donors }): Variant => ({ carrier: teacher, donors }))
  for (const [i, cells] of (await measure(carried, 0, 0.8)).entries()) {
    const { part, bases } = alone[i]!
    parts[part]!.known.set(bases, errorEstimate(cells).normalised?.mean ?? hopeless)
  }
  const cost = layerCosts(own, unit)
  const options = parts.map(({ layers, known }): Option[] =>
    ([1, 2, 0] as const).map((bases) => ({
      bases,
      cost: layers.reduce((sum, index) => sum + cost(index, bases), 0),
      harm: known.get(bases)!,
    })),
  )
  const searched = options.reduce((sum, [one]) => sum + one!.cost, 0)
  const rest = costWith(own, unit, () => 1) - searched
  const choices = greedyChoices(options, budget - rest)
  if (choices.length === 0) throw tooLittle(own.name, unit, budget, rest + searched)

  const shown = spread(choices, mostPoints)
  const basesAt = ({ chosen }: Choice): [number, Bases][] =>
    parts.flatMap(({ layers }, i) =>
      layers.map((index): [number, Bases] => [index, options[i]![chosen[i]!]!.bases]),
    )
  const whole = shown.map((choice): Variant => {
    const swapped = basesAt(choice).filter(([index, bases]) => bases !== basesOf(own, index))
    return {
      carrier: student,
      donors: new Map(swapped.map(([index, bases]) => [index, sourceOf(index, bases)])),
    }
  })
  const errors = (await measure(whole, 0.8, 1)).map(errorEstimate)
  const front = paretoFront(
    shown.map(({ cost }, i) => ({ cost, error: errors[i]!.normalised?.mean ?? null })),
  )
  return {
    unit,
    convention: searchConvention,
    budget,
    studentCost: studentCost(own, unit),
    points: shown.map((choice, i) => ({
      cost: choice.cost + rest,
      predicted: choice.harm,
      error: errors[i]!,
      front: front.includes(i),
      layers: basesAt(choice)
        .sort(([a], [b]) => a - b)
        .map(([index, bases]) => [own.layers[index]!.id, bases]),
    })),
    // errors fall along the front
    best: front.at(-1) ?? 0,
  }
}

const precisionAt = ({ layers, manifest }: Checkpoint, index: number): LayerPrecision =>
  manifest[layers[index]!.id]!

const basesOf = (student: Checkpoint, index: number): Bases => precisionAt(student, index).bases

function binarizedLayers(student: Checkpoint): number[] {
  return [...student.layers.keys()].filter((index) => basesOf(student, index) > 0)
}

/** `known`: harm in the teacher with so many bases. */
type SearchedPart = { layers: number[]; known: Map<Bases, number> }

/**
 * Parts with their binarized layers alone; those without any are left as they are. What the sensitivities say of a part as the
 * student has it need not be measured again.
 */
function searchedParts(student: Checkpoint, { parts }: Sensitivity): SearchedPart[] {
  const searched = parts.flatMap((part): SearchedPart[] => {
    const layers = part.layers.filter((index) => basesOf(student, index) > 0)
    const [bases, ...more] = new Set(part.layers.map((index) => basesOf(student, index)))
    const known = new Map<Bases, number>([[0, 0]])
    if (bases && more.length === 0) known.set(bases, part.binarized.normalised?.mean ?? hopeless)
    return layers.length > 0 ? [{ layers, known }] : []
  })
  if (searched.length > 0) return searched
  throw new InputError({
    ...{ file: student.name, problem: 'no layer of it is binarized, so there is nothing to choose' },
    remedy: 'Give a student.',
  })
}

/** Bits of a layer of the student at so many bases, its input at the student's own bits. */
function bitsAt(student: Checkpoint, index: number, bases: Bases): LayerBits {
  if (bases === 0) return floatBits
  return { weight: 1, bases, activation: precisionAt(student, index).activationBits }
}

/** Cost of a layer at so many bases, by itself. */
function layerCosts(student: Checkpoint, unit: BudgetUnit): (index: number, bases: Bases) => number {
  const tables = ([0, 1, 2] as const).map((bases) => {
    const bits = student.layers.map((_, index) => bitsAt(student, index, bases))
    return costOf(
      { layers: student.layers, bits, parameters: parameterCount(student.config) },
      searchConvention,
    )
  })
  return (index, bases) => tables[bases]!.layers[index]![unit]
}

/** Cost of the whole student with `bases` for its binarized layers, the others as they are. */
function costWith(student: Checkpoint, unit: BudgetUnit, bases: (index: number) => Bases): number {
  const bits = student.layers.map(({ id }, index) =>
    basesOf(student, index) > 0 ? bitsAt(student, index, bases(index)) : bitsOf(student.manifest[id]!),
  )
  return total(student, unit, bits)
}

function total({ layers, config }: Checkpoint, unit: BudgetUnit, bits: readonly LayerBits[]): number {
  const { bytes, operations } = costOf({ layers, bits, parameters: parameterCount(config) }, searchConvention)
  return unit === 'bytes' ? bytes.counted : operations!.counted
}

/** At most so many of the items, evenly spread, with the first and the last. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!)
}

function tooLittle(file: string, unit: BudgetUnit, budget: number, least: number): InputError {
  return new InputError({
    file,
    item: unit === 'bytes' ? '--budget-bytes' : '--budget-ops',
    problem: `${budget} ${unit} are too few: one basis in every binarized layer takes ${Math.ceil(least)}`,
    remedy: 'Give a larger budget.',
  })
}
