/** Whether the scales of a student were learned, survive, and have the right sign. */
import type { Finding } from '../../record/audit'
import { atRandomStart, isAtMean } from './bases'
import { binarized, type LayerFacts, type NetworkFacts, type ScaleFacts } from './facts'
import { found, number, percent } from './kinds'

export function scaleFindings(facts: NetworkFacts): Finding[] {
  return [...facts.layers.flatMap(brokenScales), ...origins(facts), ...reloadDamage(facts)]
}

function brokenScales({ layer, precision, sigma1, sigma2 }: LayerFacts): Finding[] {
  if (precision.bases === 0) return []
  const used: [string, ScaleFacts | null][] = [
    ['sigma1', sigma1],
    ['sigma2', precision.bases === 2 ? sigma2 : null],
  ]
  return used.flatMap(([name, scale]) => {
    if (!scale) return []
    const { nonFinite, negative, count, min } = scale
    if (nonFinite > 0)
      return [
        found('not-finite', layer.id, `Its ${name} has values that are not finite.`, [
          number(`${name} not finite`, nonFinite, `of ${count} channels`),
        ]),
      ]
    if (negative === 0) return []
    return [
      found(
        name === 'sigma1' ? 'sigma1-negative' : 'sigma2-negative',
        layer.id,
        `Its ${name} is below 0 in some channels.`,
        [number(`${name} < 0`, negative, `of ${count} channels`), number('smallest', min)],
      ),
    ]
  })
}

/** Whether scales were learned, from their distance to the means of the weights they started at. */
function origins(facts: NetworkFacts): Finding[] {
  const learnable = binarized(facts).filter(({ precision }) => precision.method !== 'xnor')
  const known = learnable.filter(({ packed, sigma1 }) => !packed && sigma1 && !atRandomStart(sigma1))
  const packed = learnable.filter((layer) => layer.packed)
  const atMeans = known.filter(({ sigma1 }) => isAtMean(sigma1!))
  return [
    ...(packed.length > 0
      ? [
          found('scales-unchecked', null, 'Its scales cannot be held against mean|W|, which is not stored.', [
            number('without latent weights', packed.length, 'layers'),
          ]),
        ]
      : []),
    ...(known.length > 0 && atMeans.length === known.length
      ? allAtMeans(facts, atMeans)
      : atMeans.map(({ layer, sigma1 }) =>
          found(
            'scale-at-mean',
            layer.id,
            'Its sigma1 is mean|W| in every channel, in other layers it moved.',
            [percent('off mean|W|', sigma1!.deviation!)],
          ),
        )),
  ]
}

function allAtMeans({ step }: NetworkFacts, atMeans: LayerFacts[]): Finding[] {
  const evidence = [
    number('sigma1 = mean|W| in', atMeans.length, 'layers'),
    percent('largest deviation', Math.max(...atMeans.map(({ sigma1 }) => sigma1!.deviation!))),
  ]
  const untrained = step === 0 || atMeans.every(({ teacher }) => teacher?.identical)
  return [
    untrained
      ? found('scales-at-start', null, 'Every sigma1 is mean|W|, as before training.', evidence)
      : found('scales-reinitialised', null, 'Every sigma1 is mean|W|: none is learned.', evidence),
  ]
}

/**
 * Released BinaryDM keeps the flag "scales are initialised" in the process, not in the file: whoever loads a checkpoint with
 * it computes with the means of the weights. Told with what that changes.
 */
function reloadDamage(facts: NetworkFacts): Finding[] {
  if (facts.origin !== 'binarydm') return []
  const layers = binarized(facts).flatMap(({ layer, reload }) =>
    reload && reload.size > 0 ? [{ layer, ...reload }] : [],
  )
  const changes = layers.map(({ layer, change, size }) => ({
    id: layer.id,
    relative: Math.sqrt(change / size),
  }))
  const worst = changes.toSorted((a, b) => b.relative - a.relative)[0]
  if (!worst || worst.relative === 0) return []
  const total = Math.sqrt(
    layers.reduce((sum, { change }) => sum + change, 0) / layers.reduce((sum, { size }) => sum + size, 0),
  )
  const mean = (deviations: (number | null | undefined)[]) => {
    const own = deviations.filter((v) => typeof v === 'number')
    return own.reduce((sum, v) => sum + v, 0) / own.length
  }
  const [one, two] = [1, 2].map((bases) =>
    binarized(facts).filter(({ precision }) => precision.bases === bases),
  )
  return [
    found(
      'reload-loses-scales',
      null,
      'Loading this file with the released BinaryDM code overwrites every learned scale by the means of the weights.',
      [
        percent('weights in use change (relative L2) by', total),
        percent(`most in ${worst.id}`, worst.relative),
        ...(one!.length > 0
          ? [percent('sigma1 off mean|W|, one basis', mean(one!.map((l) => l.sigma1?.deviation)))]
          : []),
        ...(two!.length > 0
          ? [
              percent('sigma1 off mean|W|, two bases', mean(two!.map((l) => l.sigma1?.deviation))),
              percent('sigma2 off mean|residual|', mean(two!.map((l) => l.sigma2?.deviation))),
            ]
          : []),
      ],
    ),
  ]
}
