/** What the paper's versions do to weights and activations, by name. Recipes of a training take them over as they are. */
import type { BasisPlaces } from './basis-places'
import type { BinarizationPlan } from './manifest'

export type BinarizationPreset = Required<Omit<BinarizationPlan, 'where' | 'layers'>> & {
  twoBases: BasisPlaces
}

export const binarizationPresets = {
  /** One basis with a learned scale (BinaryDM v5, section 3.1). */
  baseline: { method: 'sign', bases: 1, twoBases: 'all', activationBits: 4, keptBits: 8 },
  /** BinaryDM v1: LMB, its second basis in head and tail of the network and there to stay; kept layers in full precision. */
  v1: { method: 'lmb', bases: 2, twoBases: 'v1', activationBits: 4, keptBits: 32 },
  /** BinaryDM v5: EBB in the same places, its second basis gone after the transition; kept layers at 8 bits (appendix B.1). */
  v5: { method: 'ebb', bases: 2, twoBases: 'v1', activationBits: 4, keptBits: 8 },
} as const satisfies Record<string, BinarizationPreset>
