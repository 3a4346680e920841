/** Where the way up takes in what the way down left: inputs of two halves, which may lie on different scales. */
import type { Architecture, Block, Level } from './architecture'

/**
 * By id of each layer whose input is a concatenation (normalised or not): how many of its channels come from the way up;
 * the rest is the skip.
 */
export function concatenatedInputs(net: Architecture): Map<string, number> {
  const outputOf = ({ res }: Block) => res.conv2.outChannels
  const left = [net.convIn.outChannels]
  for (const level of net.down) {
    left.push(...level.blocks.map(outputOf))
    if (level.resample) left.push(left.at(-1)!)
  }
  const found = new Map<string, number>()
  const level = ({ blocks }: Level) => {
    for (const { res } of blocks) {
      const own = res.conv1.inChannels - left.pop()!
      found.set(res.conv1.id, own)
      if (res.shortcut) found.set(res.shortcut.id, own)
    }
  }
  net.up.forEach(level)
  return found
}
