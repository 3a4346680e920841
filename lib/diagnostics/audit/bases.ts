/** How many bases a layer has, by its scales rather than by what is declared, and what does not fit together. */
import { keptFullPrecision } from '../../quant/kept-layers'
import type { Finding, ScaleOrigin } from '../../record/audit'
import { binarized, type LayerFacts, type NetworkFacts, type ScaleFacts } from './facts'
import { found, number, percent } from './kinds'

/** Released BinaryDM makes both scales as random numbers from 0 to this, and all 0 in layers that start at 0. */
const randomStart = 1e-3

/** A learned scale this small would be of weights as small, and then not far from their mean. */
const farFromMean = 0.5

/** Whether the scales are as small as a start that never was replaced. */
export function atRandomStart({ min, max, deviation }: ScaleFacts): boolean {
  return min >= 0 && max <= randomStart && (deviation === null || deviation > farFromMean)
}

/** Scales within this of the means of the weights are these means, computed from weights of half precision. */
const atMean = 3e-4

export function isAtMean({ deviation }: ScaleFacts): boolean {
  return deviation !== null && deviation <= atMean
}

/** Bases that the scales, or else the values of the weights themselves, bear out. */
export function basesFound({ precision, packed, sigma1, sigma2, weights }: LayerFacts): number {
  if (precision.method === 'xnor' || packed) return precision.bases
  if (weights.levels !== null && precision.bases === 0) return weights.levels > 2 ? 2 : 1
  if (!sigma1 || atRandomStart(sigma1)) return 0
  return sigma2 && !atRandomStart(sigma2) ? 2 : 1
}

export function scaleOrigin({ precision, sigma1, packed }: LayerFacts): ScaleOrigin {
  if (precision.bases === 0) return 'none'
  if (precision.method === 'xnor') return 'computed'
  if (!sigma1 || packed) return 'unknown'
  if (atRandomStart(sigma1)) return 'random start'
  return isAtMean(sigma1) ? 'means' : 'learned'
}

/** Bases of single layers, then of the network. */
export function basisFindings(facts: NetworkFacts): Finding[] {
  return [...facts.layers.flatMap(layerFindings), ...unusedScales(facts), ...oneSided(facts)]
}

function layerFindings(facts: LayerFacts): Finding[] {
  const { layer, precision, sigma1, sigma2, packed } = facts
  const { id } = layer
  if (precision.method === 'xnor') return []
  if (precision.bases === 0) return undeclared(facts)
  if (!sigma1) return [found('scale-missing', id, 'The file has no sigma1 for this binarized layer.', [])]
  if (!packed && atRandomStart(sigma1))
    return [
      found(
        'sigma1-random-start',
        id,
        'It is declared binarized, and its first scale was never initialised.',
        [
          number('largest sigma1', sigma1.max),
          ...(sigma1.deviation === null ? [] : [percent('off mean|W|', sigma1.deviation)]),
        ],
      ),
    ]
  if (precision.bases === 2) return secondBasis(id, sigma2)
  if (precision.method === 'ebb' && sigma2)
    return [
      found(
        'ebb-basis-kept',
        id,
        'It has passed EBB’s transition to one basis, and its sigma2 is still there.',
        [number('mean sigma2', sigma2.mean)],
      ),
    ]
  return undeclared(facts)
}

function secondBasis(id: string, sigma2: ScaleFacts | null): Finding[] {
  if (!sigma2)
    return [found('second-basis-missing', id, 'Two bases are declared and sigma2 is not in the file.', [])]
  if (sigma2.nonFinite > 0) return []
  if (sigma2.min === 0 && sigma2.max === 0)
    return [
      found('second-basis-zero', id, 'Two bases are declared and every sigma2 is exactly 0.', [
        number('sigma2 of', sigma2.count, 'channels'),
      ]),
    ]
  if (!atRandomStart(sigma2)) return []
  return [
    found(
      'second-basis-random-start',
      id,
      'Two bases are declared and sigma2 is as small as the random start it was made with.',
      [
        number('largest sigma2', sigma2.max),
        ...(sigma2.deviation === null ? [] : [percent('off mean|residual|', sigma2.deviation)]),
      ],
    ),
  ]
}

/** More bases in the scales than are declared. Scales beside weights that are cut already are there for reference. */
function undeclared(facts: LayerFacts): Finding[] {
  const { layer, precision, sigma1, sigma2, weights, packed } = facts
  const bases = basesFound(facts)
  if (packed || weights.levels !== null || bases <= precision.bases || precision.method === 'lsq') return []
  const scale = bases === 2 ? sigma2 : sigma1
  return [
    found(
      'basis-undeclared',
      layer.id,
      `${precision.bases === 0 ? 'No basis is' : 'One basis is'} declared, and the scales of ${bases === 2 ? 'two' : 'one'} look trained.`,
      scale ? [number(`mean sigma${bases}`, scale.mean)] : [],
    ),
  ]
}

/** Second scales that are in the file and not in use, as released BinaryDM saves them for every layer. */
function unusedScales({ layers }: NetworkFacts): Finding[] {
  const unused = layers.filter(
    ({ precision, sigma2 }) =>
      precision.bases < 2 && precision.method !== 'ebb' && sigma2 && atRandomStart(sigma2),
  )
  if (unused.length === 0) return []
  const zero = unused.filter(({ sigma2 }) => sigma2!.max === 0).length
  return [
    found('second-scales-unused', null, 'Layers without a second basis have a sigma2 at its start.', [
      number('with unused sigma2', unused.length, 'layers'),
      number('of them exactly 0', zero, 'layers'),
    ]),
  ]
}

/** Second bases on the way down only, or on the way up only. */
function oneSided(facts: NetworkFacts): Finding[] {
  const two = binarized(facts).filter(({ precision }) => precision.bases === 2)
  const on = (part: 'down' | 'up') => facts.layers.filter(({ layer }) => layer.place.part === part)
  const twoOn = (part: 'down' | 'up') => two.filter(({ layer }) => layer.place.part === part).length
  const [down, up] = [twoOn('down'), twoOn('up')]
  if (facts.progressive || down > 0 === up > 0) return []
  const [with2, without] = down > 0 ? (['down', 'up'] as const) : (['up', 'down'] as const)
  const name = without === 'up' ? 'output' : 'input'
  return [
    found(
      'two-bases-one-sided',
      null,
      `Every ${name} block has one basis, while ${with2 === 'down' ? 'input' : 'output'} blocks have two.`,
      [
        number(`two bases on the way ${with2}`, Math.max(down, up), 'layers'),
        number(`on the way ${without}`, 0, `of ${on(without).length} layers`),
      ],
    ),
  ]
}

/** Layers in full precision inside, binarized ones at the edge, and students that are none. */
export function keptFindings(facts: NetworkFacts): Finding[] {
  const { student, layers, progressive, origin } = facts
  if (!student) return []
  if (layers.every((layer) => layer.precision.bases === 0 && layer.weights.levels === null))
    return [
      found('nothing-binarized', null, 'It is called a student and no layer of it is binarized.', [
        number('full precision', layers.length, 'layers'),
      ]),
    ]
  const inFloat = layers.filter((l) => l.precision.method === 'fp' && l.weights.levels === null)
  const kept = inFloat.filter(({ layer }) => keptFullPrecision(layer))
  const inside = inFloat.filter(({ layer }) => !keptFullPrecision(layer))
  const edge = layers.filter(({ layer, precision }) => keptFullPrecision(layer) && precision.bases > 0)
  return [
    ...(progressive && inside.length > 0
      ? [
          found('progressive-unfinished', null, 'Progressive initialisation has not reached every layer.', [
            number('still in full precision', inside.length, 'layers'),
          ]),
        ]
      : inside.map(({ layer }) =>
          found('layer-in-float', layer.id, 'It lies inside the network and is in full precision.', [
            number('weights', layer.parameters - layer.outChannels),
            number('of the network’s MACs', (100 * layer.macs) / totalMacs(layers), '%'),
          ]),
        )),
    ...edge.map(({ layer }) =>
      found('edge-binarized', layer.id, 'BinaryDM keeps this layer, and here it is binarized.', [
        number('weights', layer.parameters - layer.outChannels),
      ]),
    ),
    ...(origin === 'binarydm' && kept.length > 0
      ? [
          found(
            'kept-in-float',
            null,
            'First and last convolution and the time MLP are float32, as in the released code.',
            [
              number('kept', kept.length, 'layers'),
              number(
                'their weights',
                kept.reduce((sum, { weights }) => sum + weights.count, 0),
              ),
            ],
          ),
        ]
      : []),
  ]
}

const totalMacs = (layers: readonly LayerFacts[]): number =>
  layers.reduce((sum, { layer }) => sum + layer.macs, 0)
