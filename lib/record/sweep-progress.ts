/** What is kept of a sweep that is not done, so that it goes on where it was cut short: on a disk, or in a page. */
import * as z from 'zod/mini'
import { PackedGrids } from './sweep-record'

/** Raised whenever a sweep measures something else: what older code kept is of no use then. */
export const sweepVersion = 1

const index = z.int().check(z.minimum(0))
const measured = z.array(z.nullable(z.number()))

/** The teacher's axes; grids `layer I` [C, k], `axes M` [C, K] and `moment M` [C, C] of the layer at I and the module at M. */
export const KeptAxes = z.object({
  version: z.literal(sweepVersion),
  seed: z.number(),
  images: z.number(),
  modules: z.array(z.object({ id: z.string(), channels: index })),
  grids: PackedGrids,
})
export type KeptAxes = z.infer<typeof KeptAxes>

/** The timesteps that are done, with the parameters that made them. */
export const KeptSweep = z.object({
  version: z.literal(sweepVersion),
  /** As JSON. */
  parameters: z.string(),
  /** Steps of the teacher's DDIM run that are done, and its state after them, in rows of images. */
  done: index,
  state: PackedGrids,
  output: z.object({ sqnr: measured, cosine: measured }),
  layers: z.array(
    z.object({
      lowRank: z.object({ cosine: measured, teacherEnergy: measured, studentEnergy: measured }),
      grids: PackedGrids,
    }),
  ),
  modules: z.array(PackedGrids),
})
export type KeptSweep = z.infer<typeof KeptSweep>

/** The record in a text; null for a text that is none, as one cut short or of another version. */
export function readKept<T>(schema: z.ZodMiniType<T>, text: string | null): T | null {
  if (text === null) return null
  try {
    const result = schema.safeParse(JSON.parse(text))
    return result.success ? result.data : null
  } catch {
    return null
  }
}
