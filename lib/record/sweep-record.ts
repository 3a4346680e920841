import * as z from 'zod/mini'

const size = z.int().check(z.minimum(0), z.maximum(65536))

/** Grids end to end as little-endian float32 in base64. */
export const PackedGrids = z
  .object({ shapes: z.record(z.string(), z.tuple([size, size])), data: z.string() })
  .check(
    z.refine(({ shapes, data }) => {
      const values = Object.values(shapes).reduce((sum, [rows, columns]) => sum + rows * columns, 0)
      return base64Bytes(data) === values * 4
    }, 'the values are not as many as the shapes say'),
  )
export type PackedGrids = z.infer<typeof PackedGrids>

const base64Bytes = (text: string): number => (text.length / 4) * 3 - (/=*$/.exec(text)?.[0].length ?? 0)

/** What is stored of a sweep beside its layers. */
export const SweepRecord = z.object({
  /** Images of the local errors and of what is told of inputs: the first ones. */
  localImages: z.number(),
  /** In order of the forward pass. */
  modules: z.array(z.object({ id: z.string(), channels: z.number(), rank: z.number(), grids: PackedGrids })),
})
export type SweepRecord = z.infer<typeof SweepRecord>
