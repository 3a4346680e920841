/** Which of the networks in a file is meant. */
import { contaminatedStep } from '../quant/averaged-steps'
import { InputError, printable } from '../tensor/error'
import { noSuchTensor, type TensorFile } from '../tensor/tensor'
import { isUsedStep } from './binarydm'
import { type FoundNetwork, findNetworks, networkUnder } from './networks'

/**
 * The network of a role (raw, ema, teacher, teacher-ema) or of a prefix, also one that nothing was found under. Without a
 * wish: the moving average, as samplers take it, if it has every tensor and, in a BinaryDM student, alphas near the raw
 * ones; else the raw weights; else the first there is. Throws an InputError when the file holds no network, or not the one wanted.
 */
export async function chooseNetwork(file: TensorFile, wanted?: string): Promise<FoundNetwork> {
  const networks = findNetworks(file)
  const [first] = networks
  if (!first) throw noNetwork(file)
  if (wanted !== undefined) {
    const found = networks.find(({ role, prefix }) => role === wanted || prefix === wanted)
    const under = found ?? networkUnder(file, wanted)
    if (under) return under
    throw new InputError({
      file: file.name,
      item: wanted,
      problem: 'it holds no such network',
      remedy: `It holds ${networks.map(({ role, prefix }) => (prefix ? `${role} (${printable(prefix)})` : role)).join(', ')}.`,
      code: 'not_found',
    })
  }
  const raw = networks.find(({ role }) => role === 'raw')
  const ema = networks.find(({ role }) => role === 'ema')
  if (raw && ema) return (await isUsable(file, ema, raw)) ? ema : raw
  return ema ?? raw ?? first
}

/** The tensors of one network as a file of their own, by bare names. */
export function fileOf(file: TensorFile, { names }: Pick<FoundNetwork, 'names'>): TensorFile {
  return {
    ...file,
    tensors: new Map([...names].map(([bare, stored]) => [bare, file.tensors.get(stored)!])),
    read: (bare) => {
      const stored = names.get(bare)
      return stored === undefined ? Promise.reject(noSuchTensor(file.name, bare)) : file.read(stored)
    },
  }
}

async function isUsable(file: TensorFile, ema: FoundNetwork, raw: FoundNetwork): Promise<boolean> {
  if ([...raw.names.keys()].some((bare) => bare.endsWith('.weight') && !ema.names.has(bare))) return false
  return raw.family !== 'binarydm' || alphasAgree(fileOf(file, ema), fileOf(file, raw))
}

/** Alphas of BinaryDM start as uninitialised memory, and their average keeps a trace of it. */
async function alphasAgree(ema: TensorFile, raw: TensorFile): Promise<boolean> {
  for (const name of raw.tensors.keys()) {
    if (!isUsedStep(name) || !ema.tensors.has(name)) continue
    const [average, current] = [(await ema.read(name)).data[0]!, (await raw.read(name)).data[0]!]
    if (contaminatedStep(current, average)) return false
  }
  return true
}

/** What to say of a file without any network. */
export function noNetwork(file: TensorFile): InputError {
  const names = [...file.tensors.keys()].slice(0, 3).map((name) => printable(name, 40))
  return new InputError({
    file: file.name,
    problem: `no network is found among its tensors (${names.join(', ') || 'there are none'})`,
    remedy:
      'Give a checkpoint of an ermongroup/ddim, diffusers UNet2DModel, latent-diffusion or BinaryDM network. Of other networks the conv and linear weights are read, by names that end in .weight.',
    code: 'not_a_checkpoint',
  })
}
