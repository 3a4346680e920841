/**
 * What a sweep over timesteps measures of a layer beyond its alignment, as it is stored: named grids of float32, NaN where nothing
 * was measured. T timesteps of the diagnosis, D of them measured in detail (`detailOf`), C output channels.
 */
import type { PackedGrids } from './sweep-record'

/** Rows x columns, row after row. */
export type Grid = { rows: number; columns: number; values: Float32Array }

/** Rows of the grids of errors, see lib/math/errors.ts. */
export const errorNames = ['sqnr', 'cosine', 'normalizedL2', 'mse', 'maxAbs'] as const
export type ErrorName = (typeof errorNames)[number]
/** Rows of the grids of tails, see lib/math/errors.ts and subspace.ts. */
export const tailNames = ['p99Abs', 'kl', 'cka'] as const
export type TailName = (typeof tailNames)[number]

/** Codes of a 4-bit input, -8 to 7; at 8 bits a row stands for 16 codes. */
export const codeRows = 16

/** Grids of a layer. An input that is a concatenation has two parts, that of the way up and the skip; others have one. */
export const layerGrids = [
  /** [5, T]: student's output against the teacher's, both networks running freely. */
  'accumulated',
  /** [5, T]: the same with the teacher's input, on the first images. */
  'local',
  /** [3, D] */
  'accumulatedTails',
  'localTails',
  /** [5, D]: local, the student's weights on a float input (W1A32), the teacher's on a quantized one (W32A4). */
  'weightsOnly',
  'activationsOnly',
  /** [images, T]: accumulated SQNR image by image; each has noise of its own. */
  'images',
  /** [C, D]: SQNR channel by channel. */
  'channels',
  'localChannels',
  /** [2 x parts, T]: smallest and largest value of the student's input, of each part. */
  'range',
  /** [16 x parts, T]: share of the input at each code. */
  'codes',
  /** [2 x parts, T]: share of the input below the lowest code, above the highest. */
  'clipped',
  /** [9, D]: SQNR of the input with a quarter to four times its step (stepFactors). */
  'stepSqnr',
  /** [channels of the input, D]: largest |x|. */
  'peaks',
] as const
export type LayerGrid = (typeof layerGrids)[number]

/** Grids of a module (lib/unet/modules.ts) on the teacher's axes, K of them, see lib/diagnostics/module-subspaces.ts. */
export const moduleGrids = [
  /** [K, D]: mean over positions of the squared feature on each axis, and of the squared difference. */
  'teacherEnergy',
  'studentEnergy',
  'difference',
  /** [2, D]: mean over positions of |features|^2, on all axes together, of teacher and student. */
  'energy',
  /** [k, D]: principal angles in degrees between the leading k axes of teacher and student at this timestep. */
  'angles',
  /** [k, 1]: those between the axes a training stored and the teacher's of now. */
  'storedAngles',
  /** [2, 1]: share of the teacher's energy on k stored axes, on k axes of now. */
  'storedEnergy',
] as const
export type ModuleGrid = (typeof moduleGrids)[number]

/** Indices of the timesteps that are measured in detail: the first, the last and two between. */
export function detailOf(timesteps: number): number[] {
  return [...new Set([0, 1 / 3, 2 / 3, 1].map((share) => Math.round(share * (timesteps - 1))))]
}

/** A grid of which nothing is measured yet. */
export function emptyGrid(rows: number, columns: number): Grid {
  return { rows, columns, values: new Float32Array(rows * columns).fill(Number.NaN) }
}

/** Writes a column from the top, null as NaN. */
export function setColumn(grid: Grid, column: number, values: readonly (number | null)[]): void {
  values.forEach((value, row) => {
    grid.values[row * grid.columns + column] = value ?? Number.NaN
  })
}

/** A row with null for what was not measured; [] beyond the grid. */
export function rowOf(grid: Grid | undefined, row: number): (number | null)[] {
  if (!grid || row >= grid.rows) return []
  return Array.from(grid.values.subarray(row * grid.columns, (row + 1) * grid.columns), (v) =>
    Number.isNaN(v) ? null : v,
  )
}

/** A column, as rowOf. */
export function columnOf(grid: Grid | undefined, column: number): (number | null)[] {
  if (!grid) return []
  return Array.from({ length: grid.rows }, (_, row) => {
    const value = grid.values[row * grid.columns + column]
    return value === undefined || Number.isNaN(value) ? null : value
  })
}

export function packGrids(grids: ReadonlyMap<string, Grid>): PackedGrids {
  const all = [...grids]
  const count = all.reduce((sum, [, { values }]) => sum + values.length, 0)
  const view = new DataView(new ArrayBuffer(count * 4))
  let at = 0
  for (const [, { values }] of all) for (const value of values) view.setFloat32(4 * at++, value, true)
  let binary = ''
  for (let i = 0; i < view.byteLength; i++) binary += String.fromCharCode(view.getUint8(i))
  return {
    shapes: Object.fromEntries(all.map(([name, { rows, columns }]) => [name, [rows, columns]])),
    data: btoa(binary),
  }
}

export function unpackGrids({ shapes, data }: PackedGrids): Map<string, Grid> {
  const binary = atob(data)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  const view = new DataView(bytes.buffer)
  const grids = new Map<string, Grid>()
  let at = 0
  for (const [name, [rows, columns]] of Object.entries(shapes)) {
    const values = new Float32Array(rows * columns)
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * at++, true)
    grids.set(name, { rows, columns, values })
  }
  return grids
}
