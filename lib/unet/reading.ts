/**
 * Readings of a student: one file can stand for several networks. Its latent floats, or their signs with the scales stored
 * beside them, or with scales computed anew from the floats; inputs in floats, or in steps that are stored, or computed
 * from every batch. A reading turns a checkpoint into another one, so that everything else is computed alike.
 *
 * By name (MODE on the command line):
 *   stored        as the checkpoint says
 *   full          latent floats, float activations
 *   w_only        binarized weights, float activations
 *   w_a_frozen    binarized weights, activations at the stored steps, 8 bits
 *   reload        what BinaryDM's released code computes after loading the file: it takes scales from the latent weights and steps
 *                 from every batch, whatever was learned
 *   as_published  the same at 8 bits, which is what that code is set to
 * A name may be followed by the bits of activations, `_a4` or `_a8`, and by the bases of the binarized layers, `.1`, `.2`
 * or `.rule`, which leaves them as they are: `as_published_a4.rule`, `w_only.2`.
 */
import type { Scales } from '../quant/binarizer'
import { isPacked, noLatentWeights } from '../quant/quantizer'
import { initScales } from '../quant/scales'
import { fullPrecisionLayer, type LayerPrecision } from '../record/precision'
import type { Diagnosis, ScheduleName } from '../record/run'
import { InputError } from '../tensor/error'
import type { TensorFile } from '../tensor/tensor'
import { type Checkpoint, type GivenConfig, readCheckpoint, storedMode, storedWeight } from './checkpoint'
import type { Noise } from './noise'

export type Reading = {
  weights: 'latent' | 'stored' | 'computed'
  activations: 'float' | 'stored' | 'per batch'
  /** Bits of quantized activations; null as the checkpoint has them. */
  bits: 4 | 8 | null
  /** Bases of every binarized layer; null as the checkpoint has them. */
  bases: 1 | 2 | null
}

const named = {
  stored: { weights: 'stored', activations: 'stored', bits: null },
  full: { weights: 'latent', activations: 'float', bits: null },
  w_only: { weights: 'stored', activations: 'float', bits: null },
  w_a_frozen: { weights: 'stored', activations: 'stored', bits: 8 },
  reload: { weights: 'computed', activations: 'per batch', bits: null },
  as_published: { weights: 'computed', activations: 'per batch', bits: 8 },
} as const satisfies Record<string, Omit<Reading, 'bases'>>

export type ReadingName = keyof typeof named

export const readingNames = Object.keys(named) as ReadingName[]

/** The reading a name stands for. `item` names the flag or field in an InputError. */
export function parseReading(text: string, item: string): Reading {
  const found = /^([a-z_]+?)(?:_a(4|8))?(?:\.(1|2|rule))?$/.exec(text)
  const name = readingNames.find((name) => name === found?.[1])
  if (!found || !name) {
    throw new InputError({
      file: item,
      problem: `${text} is no reading`,
      remedy: `Give one of ${readingNames.join(', ')}, with _a4 or _a8 for the bits and .1, .2 or .rule for the bases if wanted.`,
    })
  }
  const bits = found[2] === '4' ? 4 : found[2] === '8' ? 8 : named[name].bits
  const bases = found[3] === '1' ? 1 : found[3] === '2' ? 2 : null
  return { ...named[name], bits, bases }
}

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
