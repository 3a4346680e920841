/** Which part of a network turned binary when, from the precisions its checkpoints state. */
import type { LayerPrecision } from '../../lib/record/precision'
import type { Layer } from '../../lib/record/run'

/** From this step on a part has this many sign planes; 0 is full precision. */
export type Stage = { from: number; bases: number }

export type PartStages = {
  /** "down 0, block 1". */
  name: string
  /** Binarized layers in it. */
  layers: number
  /** Ascending, the first from step 0. */
  stages: Stage[]
}

type Moment = { step: number; layers: { layer: Layer; precision: LayerPrecision }[] }

/**
 * Stages of every part of the U-Net that is ever binarized, in order of the forward pass. `history` ascends by step.
 * [] if there is nothing to tell: all parts have been the same from the start.
 */
export function precisionStages(history: readonly Moment[]): PartStages[] {
  const parts = new Map<string, PartStages>()
  for (const { layer } of history.at(-1)?.layers ?? []) {
    const stages = stagesOf(history, layer.id)
    if (stages.every(({ bases }) => bases === 0)) continue
    const name = partName(layer)
    const part = parts.get(name)
    if (!part) parts.set(name, { name, layers: 1, stages })
    else {
      part.layers++
      // A part is as far as its slowest layer.
      if (later(stages, part.stages)) part.stages = stages
    }
  }
  const all = [...parts.values()]
  const different = new Set(all.map(({ stages }) => JSON.stringify(stages)))
  return different.size > 1 || all.some(({ stages }) => stages.length > 1) ? all : []
}

function stagesOf(history: readonly Moment[], id: string): Stage[] {
  const stages: Stage[] = []
  for (const { layers } of history) {
    const precision = layers.find(({ layer }) => layer.id === id)?.precision
    if (!precision) continue
    const { bases, since = 0, method } = precision
    if (stages.length === 0 && since > 0) {
      // What was before the first checkpoint follows from what came: EBB drops a basis, anything else was not binary.
      stages.push({ from: 0, bases: method === 'ebb' && bases === 1 ? 2 : 0 })
    }
    if (stages.at(-1)?.bases !== bases) stages.push({ from: since, bases })
  }
  return stages
}

const later = (a: readonly Stage[], b: readonly Stage[]): boolean =>
  (a.at(-1)?.from ?? 0) > (b.at(-1)?.from ?? 0)

function partName({ place: { part, level, block, role } }: Layer): string {
  if (part === 'mid') return 'middle'
  if (part === 'in' || part === 'out' || part === 'time') return part
  const unit = block === null ? role : `block ${block}`
  return `${part} ${level ?? ''}, ${unit}`
}
