/**
 * Low-rank Representation Mimicking seen module by module: how the features of teacher and student lie to the teacher's principal
 * axes. The loss of a training at rank r is the sum of the first r differences over r (lib/lrm/loss.ts): a mean over axes kept, so
 * it has another scale than the mean square error of the features. Features are [N, C], NHWC flattened.
 */
import { keep, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core'
import { energyOf } from '../lrm/alignment'
import { projectFeatures, rankOf } from '../lrm/projection'
import { leadingAxes, projectionEnergy, secondMoment } from '../math/pca'
import { spacedRows } from '../math/spaced-rows'
import { principalAngles } from '../math/subspace'
import { emptyGrid, type Grid, type ModuleGrid, setColumn } from '../record/sweep'
import { hostValues } from '../tensor/on-host'
import type { Tensor as HostTensor } from '../tensor/tensor'
import type { Pair } from '../unet/twin'
import type { ModuleAxes } from './teacher-axes'

/** Positions the axes of one timestep are fitted to: the moment costs them times the channels squared. */
const anglesRows = 256

/** A module with the teacher's axes over a batch of all noise levels; `axes` [C, K] lives on the backend. */
export type SweptModule = {
  id: string
  channels: number
  rank: number
  axes: Tensor2D
  grids: Map<ModuleGrid, Grid>
}

/** A module with nothing measured yet but how the k axes a training stored, if any, lie to the teacher's. The caller owns the axes. */
export function startModule(
  { id, channels: C, axes, moment }: ModuleAxes,
  stored: HostTensor | null,
  detailed: number,
): SweptModule {
  const K = axes.length / C
  const rank = Math.min(K, rankOf(C))
  const shapes: [ModuleGrid, number, number][] = [
    ['teacherEnergy', K, detailed],
    ['studentEnergy', K, detailed],
    ['difference', K, detailed],
    ['energy', 2, detailed],
    ['angles', rank, detailed],
  ]
  const grids = new Map(shapes.map(([name, rows, columns]) => [name, emptyGrid(rows, columns)]))
  if (stored && stored.shape[0] === C && stored.shape[1]! <= K) {
    const k = stored.shape[1]!
    const [fresh, trained] = [leading(axes, K, k), stored.data]
    const angles = emptyGrid(k, 1)
    setColumn(angles, 0, principalAngles(trained, fresh, C))
    const energy = emptyGrid(2, 1)
    setColumn(energy, 0, [projectionEnergy(moment, trained, C), projectionEnergy(moment, fresh, C)])
    grids.set('storedAngles', angles).set('storedEnergy', energy)
  }
  return { id, channels: C, rank, axes: keep(tensor2d(axes, [C, K])), grids }
}

/** Measures the features of teacher and student at one timestep, given its column. */
export function measureModule(
  { grids, axes, channels, rank }: SweptModule,
  features: Pair<Tensor>,
  column: number,
): void {
  const [teacher, student] = features.map((f) => projectFeatures(f, axes)) as [Tensor2D, Tensor2D]
  const onAxes = axisMeans(hostValues(teacher), hostValues(student), axes.shape[1])
  teacher.dispose()
  student.dispose()
  for (const name of ['teacherEnergy', 'studentEnergy', 'difference'] as const)
    setColumn(grids.get(name)!, column, onAxes[name])
  const values = features.map(hostValues)
  setColumn(
    grids.get('energy')!,
    column,
    values.map((x) => (energyOf(x) * channels) / x.length),
  )
  const found = values.map((x) => axesOf(x, channels, rank))
  if (found[0] && found[1])
    setColumn(grids.get('angles')!, column, principalAngles(found[0], found[1], channels))
}

/** Mean squares over rows of [N, K] by column, of both and of their difference; NaN where a value is not finite. */
function axisMeans(a: Float32Array, b: Float32Array, K: number) {
  const [teacherEnergy, studentEnergy] = [new Array<number>(K).fill(0), new Array<number>(K).fill(0)]
  const difference = new Array<number>(K).fill(0)
  const N = a.length / K
  for (let n = 0; n < a.length; n += K) {
    for (let j = 0; j < K; j++) {
      const [u, v] = [a[n + j]!, b[n + j]!]
      teacherEnergy[j]! += (u * u) / N
      studentEnergy[j]! += (v * v) / N
      difference[j]! += ((u - v) * (u - v)) / N
    }
  }
  return { teacherEnergy, studentEnergy, difference }
}

function axesOf(x: Float32Array, C: number, k: number): Float32Array | null {
  const n = Math.min(x.length / C, anglesRows)
  return n < k ? null : leadingAxes(secondMoment(spacedRows(x, C, n), C), C, k)
}

/** The first k of K axes [C, K]. */
function leading(axes: Float32Array, K: number, k: number): Float32Array {
  const C = axes.length / K
  const out = new Float32Array(C * k)
  for (let c = 0; c < C; c++) out.set(axes.subarray(c * K, c * K + k), c * k)
  return out
}
