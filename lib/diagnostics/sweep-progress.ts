/** A sweep that is not done: what it has measured, kept now and then as text, and taken up again. */
import type { Grid, ModuleGrid } from '../record/sweep'
import { packGrids, unpackGrids } from '../record/sweep'
import { KeptSweep, readKept, sweepVersion } from '../record/sweep-progress'
import type { LayerGrids } from './layer-sweep'
import type { Reached } from './trajectory'

/** A place for a text that outlasts who wrote it: a file, or the memory of a page. */
export type Slot = { read(): Promise<string | null>; write(text: string): Promise<void> }

type Series = (number | null)[]

/** A layer's low-rank alignment at each timestep, see lib/lrm/alignment.ts. */
export type LowRank = { cosine: Series; teacherEnergy: Series; studentEnergy: Series }

/** All a sweep measures, filled timestep by timestep. */
export type Measured = {
  output: { sqnr: Series; cosine: Series }
  /** In the order of the layer list. */
  layers: { grids: LayerGrids; lowRank: LowRank }[]
  /** In order of the forward pass. */
  modules: Map<ModuleGrid, Grid>[]
}

/** Keeping takes at most this share of the time. */
const share = 1 / 20

/** Keeps `measured` in a slot whenever it is called, unless the last time was too recent. `parameters` made the measurements. */
export function keeper(
  slot: Slot,
  parameters: string,
  measured: Measured,
): (reached: Reached) => Promise<void> {
  let [at, took] = [Number.NEGATIVE_INFINITY, 0]
  return async (reached) => {
    const start = performance.now()
    if (start - at < took / share) return
    await slot.write(JSON.stringify(recordOf(parameters, measured, reached)))
    at = performance.now()
    took = at - start
  }
}

function recordOf(
  parameters: string,
  { output, layers, modules }: Measured,
  { done, x }: Reached,
): KeptSweep {
  return {
    ...{ version: sweepVersion, parameters, done, output },
    state: packGrids(new Map([['x', rowsOf(x)]])),
    layers: layers.map(({ grids, lowRank }) => ({ lowRank, grids: packGrids(grids) })),
    modules: modules.map(packGrids),
  }
}

/** Values as a grid whose sides are within what grids may have. */
function rowsOf(values: Float32Array): Grid {
  let columns = 1
  while (values.length / columns > 4096 && values.length % (2 * columns) === 0) columns *= 2
  return { rows: values.length / columns, columns, values }
}

/**
 * Fills `into` with what was kept of a sweep with the same parameters and tells how far that had come; undefined, with nothing
 * filled, where there is none.
 */
export function restore(text: string | null, parameters: string, into: Measured): Reached | undefined {
  const kept = readKept(KeptSweep, text)
  const x = kept && unpackGrids(kept.state).get('x')
  if (!kept || !x || kept.parameters !== parameters) return undefined
  const pairs = [
    ...into.layers.map(({ grids }, i) => ({ grids, found: kept.layers[i]?.grids })),
    ...into.modules.map((grids, i) => ({ grids, found: kept.modules[i] })),
  ]
  const unpacked = pairs.map(({ grids, found }) => ({ grids, found: found ? unpackGrids(found) : new Map() }))
  if (!unpacked.every(({ grids, found }) => sameShapes(grids, found))) return undefined
  for (const { grids, found } of unpacked)
    for (const [name, { values }] of grids) values.set(found.get(name)!.values)
  into.output = kept.output
  into.layers.forEach((layer, i) => {
    layer.lowRank = kept.layers[i]!.lowRank
  })
  return { done: kept.done, x: x.values }
}

function sameShapes(a: ReadonlyMap<string, Grid>, b: ReadonlyMap<string, Grid>): boolean {
  const same = (name: string, { rows, columns }: Grid) =>
    b.get(name)?.rows === rows && b.get(name)?.columns === columns
  return a.size === b.size && [...a].every(([name, grid]) => same(name, grid))
}
