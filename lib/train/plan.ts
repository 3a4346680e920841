/** Which layer has which precision at which step: a pure function of the configuration, so that a resumed training agrees. */
import { oneBasis } from '../quant/ebb'
import { manifestFor } from '../quant/manifest'
import { turnsBinaryAt } from '../quant/progressive'
import { fullPrecisionLayer, type LayerPrecision, type Manifest } from '../record/precision'
import { type Architecture, flatten } from '../unet/architecture'
import { modulesOf } from '../unet/modules'
import type { TrainConfig } from './config'

export type StudentConfig = TrainConfig & { role: 'student' }

/**
 * The manifest a student computes its step `step` with, `since` included: progressive initialisation turns modules binary
 * from the middle outward, EBB drops the second basis at its transition (BinaryDM section 3.2, v1 and v5).
 */
export function manifestAt(
  { binarizer, progressive }: StudentConfig,
  net: Architecture,
  step: number,
): Manifest {
  const { method, bases, activationBits, twoBases, keptBits, transition = Infinity } = binarizer
  const whole = manifestFor(flatten(net).layers, {
    ...{ method, bases, activationBits, where: twoBases, keptBits },
    layers: new Map(Object.entries(binarizer.layers ?? {})),
  })
  const modules = modulesOf(net)
  const turns = new Map(
    modules.flatMap((module, i) =>
      module.layers.map((id) => [id, turnsBinaryAt(i, modules.length) * (progressive?.every ?? 0)] as const),
    ),
  )
  const precisionOf = (id: string, precision: LayerPrecision): LayerPrecision => {
    if (precision.bases === 0) return precision
    const turn = turns.get(id) ?? 0
    if (step < turn) return fullPrecisionLayer
    const turned = turn === 0 ? precision : { ...precision, since: turn }
    return step >= transition ? oneBasis(turned, Math.max(turn, transition)) : turned
  }
  return Object.fromEntries(Object.entries(whole).map(([id, p]) => [id, precisionOf(id, p)]))
}
