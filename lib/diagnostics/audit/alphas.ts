/** Steps of activation quantizers: learned, a statistic of the last batch, averaged from garbage, of how many bits. */
import { contaminatedStep, usableStep } from '../../quant/averaged-steps'
import { codeRange } from '../../quant/lsq'
import type { Finding } from '../../record/audit'
import { type AlphaFacts, binarized, type NetworkFacts } from './facts'
import { found, number, percent } from './kinds'

export function alphaFindings(facts: NetworkFacts): Finding[] {
  const contaminated = contaminatedSteps(facts)
  return [
    ...missing(facts),
    ...unusable(facts, new Set(contaminated.map(({ id }) => id))),
    ...averaged(facts, contaminated),
    ...batchStatistic(facts),
    ...bits(facts),
  ]
}

function missing({ layers }: NetworkFacts): Finding[] {
  return layers
    .filter(({ precision, alpha }) => precision.activationBits < 32 && alpha === null)
    .map(({ layer, precision }) =>
      found('alpha-missing', layer.id, 'Its input is quantized and the file has no step for it.', [
        number('input', precision.activationBits, 'bits'),
      ]),
    )
}

function unusable({ alphas }: NetworkFacts, contaminated: ReadonlySet<string>): Finding[] {
  const bad = alphas.filter(({ id, value }) => !usableStep(value) && !contaminated.has(id))
  const unused = bad.filter(({ used }) => !used)
  return [
    ...bad
      .filter(({ used }) => used)
      .map(({ id, layer, value }) =>
        found('alpha-unusable', layer, `The step of ${id} is no step of a quantizer.`, [
          number('alpha', value),
        ]),
      ),
    ...(unused.length > 0
      ? [
          found('alpha-unused', null, 'Inputs that stay floats have a step that was never set.', [
            number('uninitialised', unused.length, 'steps'),
            ...unused.map(({ id, value }) => number(id, value)),
          ]),
        ]
      : []),
  ]
}

/** Used steps that are off between the two copies of a file. */
function contaminatedSteps({ alphas, copy }: NetworkFacts): AlphaFacts[] {
  if (copy === null) return []
  return alphas.filter(({ used, value, other }) => {
    if (!used || other === null) return false
    return copy === 'ema' ? contaminatedStep(other, value) : contaminatedStep(value, other)
  })
}

function averaged({ alphas, copy }: NetworkFacts, contaminated: AlphaFacts[]): Finding[] {
  if (contaminated.length === 0) return []
  if (copy === 'ema')
    return contaminated.map(({ id, layer, value, other }) =>
      found('ema-alpha-contaminated', layer, `The averaged step of ${id} is off the raw one it averages.`, [
        number('EMA alpha', value),
        number('raw alpha', other!),
      ]),
    )
  return [
    found(
      'ema-copy-contaminated',
      null,
      'The EMA copy in this file averages uninitialised memory into its steps.',
      [number('contaminated', contaminated.length, `of ${alphas.filter(({ used }) => used).length} steps`)],
    ),
  ]
}

/** Every time projection sees the same input, SiLU of the time embedding. */
function timeSteps({ layers, alphas }: NetworkFacts): number[] {
  const ids = new Set(
    layers.filter(({ layer }) => layer.place.role === 'time_proj').map(({ layer }) => layer.id),
  )
  return alphas
    .filter(({ id, used, value }) => ids.has(id) && used && usableStep(value))
    .map(({ value }) => value)
}

/** Equal inputs have equal statistics up to the one optimizer step taken after they were computed. */
const statisticSpread = 0.02
/** Scales that moved by less tell nothing: nor need learned steps have moved. */
const leastMoved = 0.02
/** Steps that are learned part as much as scales do, or a few times less. */
const shareOfMovement = 0.1

function batchStatistic(facts: NetworkFacts): Finding[] {
  const steps = timeSteps(facts)
  if (steps.length < 3) return []
  const spread = Math.max(...steps) / Math.min(...steps) - 1
  if (spread > statisticSpread) return []
  const moved = meanMovement(facts)
  const evidence = [
    percent('spread of alpha over time projections', spread),
    number('time projections', steps.length, 'layers'),
    ...(moved === null ? [] : [percent('sigma1 moved meanwhile by', moved)]),
  ]
  if (facts.step === 0)
    return [
      found('alpha-at-start', null, 'Steps are those of the first batch, as before training.', evidence),
    ]
  if (moved === null || moved < leastMoved || spread > shareOfMovement * moved) return []
  return [
    found(
      'alpha-batch-statistic',
      null,
      'All time projections see the same input, and their steps agree: alpha is a statistic of the last batch, not learned.',
      evidence,
    ),
  ]
}

/** How far the scales of binarized layers are from where they started, on average; null if that is not known. */
function meanMovement(facts: NetworkFacts): number | null {
  const moved = binarized(facts).flatMap((layer) => layer.moved ?? [])
  return moved.length > 0 ? moved.reduce((sum, v) => sum + v, 0) / moved.length : null
}

/** A start value within this factor of the steps tells the bits; those of 4 and 8 bits are 4.3 apart. */
const bitsFactor = 1.7

/**
 * Which of 4 and 8 bits the steps of the time projections fit: all start at 2 mean|x|/sqrt(Qp), and their input can be computed from
 * the file. null where they fit neither.
 */
export function bitsByRange(facts: NetworkFacts): { bits: 4 | 8; step: number; expected: number } | null {
  const steps = timeSteps(facts).sort((a, b) => a - b)
  const step = steps[steps.length >> 1]
  if (step === undefined || facts.timeInput === null) return null
  const mean = facts.timeInput
  for (const bits of [4, 8] as const) {
    const expected = (2 * mean) / Math.sqrt(codeRange(bits).Qp)
    if (Math.abs(Math.log(step / expected)) < Math.log(bitsFactor)) return { bits, step, expected }
  }
  return null
}

function bits(facts: NetworkFacts): Finding[] {
  const quantized = binarized(facts).filter(({ precision }) => precision.activationBits < 32)
  if (quantized.length === 0) return []
  const fit = bitsByRange(facts)
  const assumed = quantized[0]!.precision.activationBits
  const evidence = [
    number(facts.declared ? 'stated' : 'assumed', assumed, 'bits'),
    ...(fit
      ? [
          number('by the range of the time embedding', fit.bits, 'bits'),
          number('median alpha', fit.step),
          number(`expected start at ${fit.bits} bits`, fit.expected),
        ]
      : []),
  ]
  const time = facts.layers.find(({ layer, alpha }) => layer.place.role === 'time_proj' && alpha !== null)
  if (fit && time && fit.bits !== time.precision.activationBits)
    return [
      found(
        'bits-contradicted',
        null,
        `The steps of the time projections are those of ${fit.bits} bits.`,
        evidence,
      ),
    ]
  if (facts.declared) return []
  return [
    found(
      'bits-unstated',
      null,
      fit
        ? `The file does not say how many bits inputs have; the range of its steps speaks for ${fit.bits}.`
        : 'The file does not say whether inputs have 4 or 8 bits, nor do its steps.',
      evidence,
    ),
  ]
}
