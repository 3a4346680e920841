/**
 * Blocks that cannot see the timestep: their time projection adds one number per channel to the features, and a group norm
 * over one channel at a time takes exactly such a number out again.
 */
import type { Finding } from '../../record/audit'
import type { NetworkFacts, TimeBlock } from './facts'
import { found, number } from './kinds'

export function timeFindings({ blocks }: NetworkFacts): Finding[] {
  const blind = blocks.filter(({ channels, groups }) => channels === groups)
  if (blind.length > 0 && blind.length === blocks.length)
    return [
      found(
        'time-blind-network',
        null,
        'No block sees the timestep: the norm after each time projection has one channel per group, so eps is the same at every t.',
        [number('blind', blind.length, `of ${blocks.length} blocks`), ...sizes(blind[0]!)],
      ),
    ]
  return blind.map((block) =>
    found(
      'time-blind-block',
      block.layer,
      'The norm after it has one channel per group and cancels what it adds.',
      sizes(block),
    ),
  )
}

const sizes = ({ channels, groups }: TimeBlock) => [
  number('channels', channels),
  number('norm groups', groups),
]
