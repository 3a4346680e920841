/**
 * The teacher's side of Low-rank Representation Mimicking: principal axes of its features per module, and what a batch
 * of the student is compared with.
 */
import { keep, type Tensor, type Tensor2D, tensor2d, tensor4d, tidy } from '@tensorflow/tfjs-core'
import { energyOf } from '../lrm/alignment'
import { asRows, fitAxes, fitWidthAxes, projectFeatures } from '../lrm/projection'
import { hostValues } from '../tensor/on-host'
import type { TensorMap } from '../tensor/tensor'
import { modulesOf } from '../unet/modules'
import type { UNet } from '../unet/unet'
import type { Batch } from './batch'
import type { LrmConfig } from './config'

/** What one module's features are compared with: L = weight * mean((E·axes - projected)^2), summed over modules. */
export type Target = { axes: Tensor2D; projected: Tensor2D; weight: number }

/** Targets by module id; live until disposeTargets. */
export type Targets = { config: LrmConfig; modules: Map<string, Target> }

/** Principal axes of the teacher's features by module id, [C or W, k], from one batch. Throws if a feature is not finite. */
export function fitTeacherAxes(teacher: UNet, batch: Batch, { axis, divisor }: LrmConfig): TensorMap {
  const axes: TensorMap = new Map()
  onModules(teacher, batch, (id, features) => {
    const rows = tidy(() => asRows(features, axis))
    const width = rows.shape[1]
    const fitted = (axis === 'channels' ? fitAxes : fitWidthAxes)(hostValues(rows), width, divisor)
    if (!fitted) throw new Error(`${teacher.name}: the features of ${id} are not finite`)
    axes.set(id, { shape: [width, fitted.length / width], data: fitted })
    rows.dispose()
  })
  return axes
}

/** The teacher's projected features on a batch, with the weight of each module's loss: lambda/M, see LrmConfig.form. */
export function targetsOf(teacher: UNet, batch: Batch, axes: TensorMap, config: LrmConfig): Targets {
  const modules: Targets['modules'] = new Map()
  onModules(teacher, batch, (id, features) => {
    const { shape, data } = axes.get(id)!
    const onAxes = keep(tensor2d(data, shape as [number, number]))
    const projected = keep(projectFeatures(features, onAxes, config.axis))
    const power = energyOf(hostValues(projected)) / projected.size
    const share = config.form === 'normalised' ? 1 / Math.max(power, Number.MIN_VALUE) : 1
    modules.set(id, { axes: onAxes, projected, weight: (config.weight * share) / axes.size })
  })
  return { config, modules }
}

export function disposeTargets({ modules }: Targets): void {
  for (const { axes, projected } of modules.values()) {
    axes.dispose()
    projected.dispose()
  }
}

function onModules(teacher: UNet, batch: Batch, visit: (id: string, features: Tensor) => void): void {
  const ids = new Set(modulesOf(teacher.architecture).map(({ id }) => id))
  const x = tensor4d(batch.x, batch.shape)
  const eps = teacher.forward(x, batch.t, undefined, (id, output) => {
    if (ids.has(id)) visit(id, output)
  })
  eps.dispose()
  x.dispose()
}
