/**
 * Students of BinaryDM's released code (openaimodel_ours.py, ours_util.py): latent-diffusion's UNetModel whose conv and linear
 * layers carry both scales and the step of their input, used or not, and whose attention carries the steps of its operands.
 * Which layers have two bases, the bits of activations, and whether scales were set are attributes of Python objects and
 * in no checkpoint. What the file does not say is taken from the code's rule, or from what the steps can only mean.
 */
import { usableStep } from '../quant/averaged-steps'
import type { Scales } from '../quant/binarizer'
import { codeRange } from '../quant/lsq'
import { manifestFor } from '../quant/manifest'
import { fullPrecisionLayer, type Manifest } from '../record/precision'
import type { Layer } from '../record/run'
import { InputError } from '../tensor/error'
import type { TensorFile } from '../tensor/tensor'
import { type Architecture, flatten, operandIds } from './architecture'
import { meanTimeInput } from './time-input'

/** Name of the step of a layer's input, or of an operand of attention (ID.attention.q). */
const stepName = (id: string): string =>
  /\.attention\.[qkwv]$/.test(id)
    ? `${id.replace(/\.(\w)$/, '.act_quantizer_$1')}.alpha`
    : `${id}.quantizer_a.alpha`

/** Whether a tensor name (prefixes stripped) is of a step that some input or operand is quantized with. */
export function isUsedStep(name: string): boolean {
  return /\.(quantizer_a|act_quantizer_[qkwv])\.alpha$/.test(name) && !keptSteps.has(name)
}

/** Layers that BinaryDM keeps in full precision, whose steps are never set. */
const keptSteps = new Set(['time_embed.0', 'time_embed.2', 'input_blocks.0.0', 'out.2'].map(stepName))

/** Steps by layer and operand, as far as the file has them. */
export async function readSteps(
  net: Architecture,
  file: Pick<TensorFile, 'tensors' | 'read'>,
): Promise<Map<string, number>> {
  const steps = new Map<string, number>()
  for (const id of [...flatten(net).layers.map((layer) => layer.id), ...operandIds(net)]) {
    const name = stepName(id)
    const [alpha] = file.tensors.has(name) ? (await file.read(name)).data : []
    if (alpha !== undefined) steps.set(id, alpha)
  }
  return steps
}

export type BinaryDM = { manifest: Manifest; scales: Map<string, Scales>; assumptions: string[] }

/** Whether tensors with these names (prefixes stripped) are a BinaryDM student. */
export function isBinaryDM(names: Iterable<string>): boolean {
  for (const name of names) if (name.endsWith('.scaling_first_order')) return true
  return false
}

/**
 * Precisions and scales of a BinaryDM student, as the released code has them after its last stage. Every layer has the scales of
 * both bases and a step, used or not. Throws an InputError for a tensor that is missing.
 */
export async function readBinaryDM(
  net: Architecture,
  file: Pick<TensorFile, 'name' | 'tensors' | 'read'>,
): Promise<BinaryDM> {
  const { layers } = flatten(net)
  const operands = operandIds(net)
  const part = async (name: string): Promise<Float32Array> => {
    if (file.tensors.has(name)) return (await file.read(name)).data
    throw new InputError({
      file: file.name,
      item: name,
      problem: 'this tensor is missing, though other layers have theirs',
      remedy: 'Save the whole state dict of the student again.',
    })
  }
  const scales = new Map<string, Scales>()
  for (const { id } of layers) {
    const sigma1 = await part(`${id}.scaling_first_order`)
    const sigma2 = await part(`${id}.scaling_second_order`)
    const [alpha] = await part(stepName(id))
    scales.set(id, { sigma1, sigma2, alpha })
  }
  for (const id of operands) {
    const [alpha] = await part(stepName(id))
    scales.set(id, { alpha })
  }
  const time = new Map<string, Float32Array>()
  for (const { id } of net.time)
    for (const name of [`${id}.weight`, `${id}.bias`]) time.set(name, (await file.read(name)).data)
  const mean = meanTimeInput(
    net,
    (id) => time.get(`${id}.weight`)!,
    (id) => time.get(`${id}.bias`)!,
  )
  const { bits, words } = bitsOf(layers, scales, mean)
  const manifest = manifestFor(layers, {
    method: 'lmb',
    bases: 2,
    activationBits: bits,
    where: 'released-code',
  })
  return {
    manifest: Object.fromEntries([
      ...Object.entries(manifest).map(([id, p]) => [id, p.bases > 0 ? { ...p, zeroSign: 0 } : p]),
      ...operands.map((id) => [id, { ...fullPrecisionLayer, activationBits: bits }]),
    ]),
    scales,
    assumptions: [basesWords(net, manifest), words, scalesWords],
  }
}

function basesWords({ config }: Architecture, manifest: Manifest): string {
  const layers = (bases: number) => Object.values(manifest).filter((p) => p.bases === bases).length
  const blocks = config.channels.length * (config.blocksPerLevel + 1)
  const made = blocks === 12 ? '' : `, which is made for 12 + 12 blocks, not ${blocks} + ${blocks}`
  return (
    `two bases in ${layers(2)} layers and one in ${layers(1)}: the file does not tell, ` +
    `BinaryDM's code goes by block numbers${made}`
  )
}

const scalesWords =
  "scales and steps as they are in the file; BinaryDM's own code overwrites them when it loads one (reading reload)"

/**
 * Bits of the activations, from the steps of the layers that all see SiLU(time embedding): a step starts at
 * 2 mean|x|/sqrt(Qp), and that mean can be computed. 4 and 8 bits are a factor of 4.3 apart, which training does not bridge.
 */
function bitsOf(
  layers: readonly Layer[],
  scales: ReadonlyMap<string, Scales>,
  mean: number | null,
): { bits: 4 | 8; words: string } {
  const steps = layers
    .filter(({ place }) => place.role === 'time_proj')
    .map(({ id }) => scales.get(id)!.alpha!)
    .filter(usableStep)
    .sort((a, b) => a - b)
  const median = steps[steps.length >> 1]
  if (median === undefined || mean === null || mean === 0)
    return { bits: 8, words: '8-bit activations, the default of the released code: the file does not tell' }
  const start = (bits: 4 | 8) => (2 * mean) / Math.sqrt(codeRange(bits).Qp)
  const off = (bits: 4 | 8) => Math.abs(Math.log(median / start(bits)))
  const bits = off(4) < off(8) ? 4 : 8
  const shown = (v: number) => v.toPrecision(2)
  return {
    bits,
    words:
      `${bits}-bit activations: the file does not tell, but the steps of the time projections ` +
      `(median ${shown(median)}) start at ${shown(start(4))} with 4 bits and at ${shown(start(8))} with 8`,
  }
}
