/** Layer lists of the networks BinaryDM's tables are about, counted from upstream's own classes. */
import { readFileSync } from 'node:fs'
import type { ClaimedNetwork } from '../../../lib/cost/claims'
import type { CostedNetwork } from '../../../lib/cost/conventions'
import { readLayerList } from '../../../lib/cost/layer-list'
import { fixtures } from '../unet/upstream'

export const layerLists: Record<ClaimedNetwork, string> = {
  'LDM-4': `${fixtures}/cost/ldm4_lsun_bedrooms.json`,
  'LDM-8': `${fixtures}/cost/ldm8_lsun_churches.json`,
}

export function networkOf(name: ClaimedNetwork): CostedNetwork {
  return readLayerList(JSON.parse(readFileSync(layerLists[name], 'utf8')), name)
}
