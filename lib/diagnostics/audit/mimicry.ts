/** The axes of low-rank mimicking: there, and over channels. */
import { rankOf } from '../../lrm/projection'
import type { Finding } from '../../record/audit'
import type { NetworkFacts } from './facts'
import { found, number } from './kinds'

export function mimicryFindings({ lrm, axes, origin, modules }: NetworkFacts): Finding[] {
  if (origin === 'binarydm') return releasedWidth(modules)
  if (lrm && axes.length === 0)
    return [
      found('lrm-axes-missing', null, 'It was trained with LRM and the file holds no axes.', [
        number('axes', 0, `of ${modules.length} modules`),
      ]),
    ]
  const wrong = axes.filter(({ rows, channels }) => rows !== channels)
  const [first] = wrong
  if (!first) return []
  return [
    found('lrm-axes-wrong', null, 'Axes of LRM are not over the channels of their modules.', [
      number('wrong', wrong.length, `of ${axes.length} modules`),
      number(`axes of ${first.module}`, first.rows, 'values long'),
      number('its channels', first.channels),
      number('its width', first.width),
    ]),
  ]
}

/** The released loss flattens NCHW features along their last axis, and keeps its axes to itself. */
function releasedWidth(modules: NetworkFacts['modules']): Finding[] {
  const [first] = modules
  if (!first) return []
  const { id, channels } = first
  return [
    found(
      'released-lrm-width',
      null,
      'If it was trained with LRM, the released loss projected the width of the features, on a quarter of it.',
      [number(`the paper has, in ${id}`, rankOf(channels), `axes of ${channels} channels`)],
    ),
  ]
}
