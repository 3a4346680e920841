/** Choosing what layers are switched to: switches in, switches out. Choosing what a layer has as stored takes its switch away. */
import type { LayerPrecision } from '../record/precision'
import type { InputBits, LayerSwitch, Switches } from '../record/switches'
import { switchedPrecision } from './switched-precision'

export const noSwitch: LayerSwitch = { bases: null, activationBits: null }

/** Precision of the layer at a place in the layer list, as stored. */
type Stored = (index: number) => LayerPrecision

/** Layers at these places get full precision (0), one basis or two. */
export function chooseBases(
  switches: Switches,
  places: readonly number[],
  stored: Stored,
  bases: 0 | 1 | 2,
): Switches {
  return changed(switches, places, (index, entry) => {
    const { method, bases: own } = stored(index)
    return { ...entry, bases: own === bases && method !== 'lsq' ? null : bases }
  })
}

/** Inputs of the layers at these places get so many bits. */
export function chooseInput(
  switches: Switches,
  places: readonly number[],
  stored: Stored,
  bits: InputBits,
): Switches {
  return changed(switches, places, (index, { bases }) => {
    const unswitched = switchedPrecision(stored(index), { bases, activationBits: null }).activationBits
    return { bases, activationBits: bits === unswitched ? null : bits }
  })
}

/** The layers at these places as stored. */
export function resetLayers(switches: Switches, places: readonly number[]): Switches {
  return changed(switches, places, () => noSwitch)
}

function changed(
  switches: Switches,
  places: readonly number[],
  change: (index: number, entry: LayerSwitch) => LayerSwitch,
): Switches {
  const after = new Map(switches)
  for (const index of places) {
    const entry = change(index, switches.get(index) ?? noSwitch)
    if (entry.bases === null && entry.activationBits === null) after.delete(index)
    else after.set(index, entry)
  }
  return after
}
