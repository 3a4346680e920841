/** What moved in one layer between the stored checkpoints of its run, read when its page is opened. */
import { binarizedLayers, type LayerDynamics, layerDynamics } from '../../lib/diagnostics/dynamics'
import type { Layer } from '../../lib/record/run'
import { storedWeights } from '../../lib/store/stored-weights'
import { InputError } from '../../lib/tensor/error'
import type { Fault } from '../_ui/states'

export type LayerTraining =
  /** `without`: steps whose weights are not stored. */
  | { kind: 'measured'; dynamics: LayerDynamics; without: number[] }
  /** Fewer than two checkpoints with weights. */
  | { kind: 'too few'; checkpoints: number; without: number[] }
  | { kind: 'full precision' }
  | { kind: 'too large'; weights: number; checkpoints: number }
  | { kind: 'fault'; fault: Fault }

/** Weights of a layer, over all its checkpoints, that are read for a page: some seconds of work. */
const mostWeights = 1e8

/** Never rejects: what cannot be read is told in the place of the numbers. Of checkpoints stored by then, if given. */
export async function loadLayerTraining(
  runId: string,
  { id, parameters }: Layer,
  storedBy?: Date,
): Promise<LayerTraining> {
  try {
    const { checkpoints, without } = await storedWeights(runId, storedBy)
    if (checkpoints.length < 2) return { kind: 'too few', checkpoints: checkpoints.length, without }
    if (!binarizedLayers(checkpoints).includes(id)) return { kind: 'full precision' }
    if (parameters * checkpoints.length > mostWeights)
      return { kind: 'too large', weights: parameters, checkpoints: checkpoints.length }
    return { kind: 'measured', dynamics: await layerDynamics(id, checkpoints), without }
  } catch (error) {
    return { kind: 'fault', fault: faultOf(error, id) }
  }
}

/** What is wrong with a file, or with the store it should be in. */
function faultOf(error: unknown, item: string): Fault {
  if (error instanceof InputError) {
    const { file, item, problem, remedy } = error
    return { file, item, problem, remedy }
  }
  const problem = error instanceof Error ? error.message : String(error)
  return { file: 'store', item, problem, remedy: 'The command verify tells what of the store is damaged.' }
}
