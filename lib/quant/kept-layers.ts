import type { Layer } from '../record/run'

/**
 * The layers BinaryDM never binarizes: the first and the last conv and the MLP of the time embedding.
 * The time projections inside blocks stand in down, mid or up and are binarized.
 */
export function keptFullPrecision({ place }: Layer): boolean {
  return place.part === 'in' || place.part === 'out' || place.part === 'time'
}
