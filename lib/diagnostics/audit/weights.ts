/** Weights that are broken, or that cannot do anything. */
import type { Finding } from '../../record/audit'
import type { LayerFacts, NetworkFacts } from './facts'
import { found, number, percent } from './kinds'

export function weightFindings(facts: NetworkFacts): Finding[] {
  const norms = facts.damaged.map(({ name, nonFinite }) =>
    found('not-finite', null, `${name} has values that are not finite.`, [
      number('not finite', nonFinite, 'values'),
    ]),
  )
  return [...facts.layers.flatMap(layerFindings), ...exactZeros(facts), ...norms]
}

/** Latent weights outside the window are told from this share on. */
const toldOutside = 1e-3

function layerFindings({ layer, precision, weights }: LayerFacts): Finding[] {
  const { id } = layer
  const { count, channels, nonFinite, outside, dead, constant } = weights
  return [
    ...(nonFinite > 0
      ? [
          found('not-finite', id, 'Weights of this layer are not finite.', [
            number('not finite', nonFinite, `of ${count} weights`),
          ]),
        ]
      : []),
    ...(dead > 0
      ? [
          found('channel-dead', id, 'Output channels have weights in use that are all 0.', [
            number('dead', dead, `of ${channels} channels`),
          ]),
        ]
      : []),
    ...(constant > 0
      ? [
          found('channel-constant', id, 'Output channels have weights in use that are all equal.', [
            number('constant', constant, `of ${channels} channels`),
          ]),
        ]
      : []),
    ...(precision.bases > 0 && outside > toldOutside * count
      ? [
          found(
            'weight-outside-window',
            id,
            'Latent weights lie where the straight-through estimator has no gradient.',
            [percent('outside [-1, 1]', outside / count)],
          ),
        ]
      : []),
  ]
}

/** Latent weights that are exactly 0 and have no sign of their own. */
function exactZeros({ layers }: NetworkFacts): Finding[] {
  return layers
    .filter(({ precision, weights }) => precision.bases > 0 && weights.zeros > 0)
    .map(({ layer, weights }) =>
      found('weight-exact-zero', layer.id, 'Latent weights are exactly 0.', [
        number('exactly 0', weights.zeros, `of ${weights.count} weights`),
      ]),
    )
}

/** A packed file should name what it was made from: its latent weights are there only. */
export function packedFindings({ packed }: NetworkFacts): Finding[] {
  if (!packed || packed.source !== null) return []
  return [found('packed-source-unknown', null, 'It is packed and does not say from which file.', [])]
}
