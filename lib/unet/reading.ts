/** Checkpoints in the readings that reading-name.ts tells: a reading turns a checkpoint into another one. */
import type { Scales } from '../quant/binarizer'
import { isPacked, noLatentWeights } from '../quant/quantizer'
import { initScales } from '../quant/scales'
import { fullPrecisionLayer, type LayerPrecision } from '../record/precision'
import type { Diagnosis, ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'
import type { TensorFile } from '../tensor/tensor'
import { type Checkpoint, type GivenConfig, readCheckpoint, storedMode, storedWeight } from './checkpoint'
import type { Noise } from './noise'
import { parseReading, type Reading } from './reading-name'

/**
 * What is wanted of a file: one of its networks, by role or prefix, in a reading; the usual where nothing is said. `noise` holds
 * where neither file nor configuration says it.
 */
export type Wanted = { network?: string; mode?: string; schedule?: ScheduleName | null; noise?: Noise }

/** What was read once is read the same way again. */
export function wantedAgain({
  network,
  mode,
  schedule,
}: Pick<Diagnosis, 'network' | 'mode' | 'schedule'>): Wanted {
  return { network, mode, schedule }
}

/**
 * Reads what is wanted of a file. `item` names the reading in an InputError, which is thrown for whatever is wrong with
 * the file, its configuration or the reading.
 */
export async function readWanted(
  file: TensorFile,
  given: GivenConfig | null,
  { network, mode = storedMode, schedule = null, noise }: Wanted,
  item = 'mode',
): Promise<Checkpoint> {
  const stored = await readCheckpoint(file, given ?? undefined, { network, noise })
  const checkpoint = readAs(stored, parseReading(mode, item))
  const about = schedule === null ? checkpoint.about : { ...checkpoint.about, schedule }
  return { ...checkpoint, about, mode }
}

/**
 * The checkpoint a reading makes of this one. Throws an InputError for one without binarized layers, and where latent
 * weights are needed and not stored.
 */
export function readAs(checkpoint: Checkpoint, reading: Reading): Checkpoint {
  const entries = Object.entries(checkpoint.manifest)
  const asItIs = reading.weights === 'stored' && reading.activations === 'stored'
  if (asItIs && reading.bits === null && reading.bases === null) return checkpoint
  if (reading.weights !== 'latent' && !entries.some(([, { bases }]) => bases > 0)) {
    throw new InputError({
      file: checkpoint.name,
      problem: 'the checkpoint has no binarized layer, so there is only one way to read it',
      remedy: 'Leave the reading out, or binarize it first.',
    })
  }
  const manifest = entries.map(([id, precision]) => [id, precisionIn(reading, precision)] as const)
  return {
    ...checkpoint,
    manifest: Object.fromEntries(manifest),
    scales:
      reading.weights === 'computed' ? computedScales(checkpoint, new Map(manifest)) : checkpoint.scales,
  }
}

function precisionIn(reading: Reading, precision: LayerPrecision): LayerPrecision {
  if (reading.weights === 'latent') return fullPrecisionLayer
  const { method, bases, activationBits: own } = precision
  const count = bases > 0 && reading.bases !== null ? reading.bases : bases
  const quantized = own !== 32 || bases > 0
  const activationBits = reading.activations === 'float' || !quantized ? 32 : (reading.bits ?? own)
  const perBatch = reading.activations === 'per batch' && activationBits !== 32
  return {
    ...precision,
    // no other binarizer has two bases
    method: count === 2 && method !== 'ebb' ? 'lmb' : method,
    bases: count,
    activationBits,
    alphaPerBatch: perBatch || undefined,
  }
}

/** Scales by initScales in place of the stored ones, for the bases a layer is to have. */
function computedScales(
  checkpoint: Checkpoint,
  manifest: ReadonlyMap<string, LayerPrecision>,
): Map<string, Scales> {
  const scales = new Map(checkpoint.scales)
  for (const [id, { bases, zeroSign }] of manifest) {
    if (bases === 0) continue
    const w = storedWeight(checkpoint, id)
    if (isPacked(w)) throw noLatentWeights(checkpoint.name, id)
    scales.set(id, { ...scales.get(id), ...initScales(w.data, w.shape[0] ?? 1, bases, zeroSign ?? 1) })
  }
  return scales
}
