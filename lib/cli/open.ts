/** Opens what a command line names: checkpoints (a file or a diffusers folder) and tensors. */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parse as parseYaml } from 'yaml'
import { noiseOfScheduler } from '../diffusion/scheduler-config'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import { openTensors } from '../tensor/open'
import type { Tensor, TensorFile } from '../tensor/tensor'
import { type Checkpoint, type GivenConfig, readAbout } from '../unet/checkpoint'
import { describesUNet } from '../unet/config'
import { findNetworks } from '../unet/networks'
import type { Noise } from '../unet/noise'
import { readWanted } from '../unet/reading'
import { type Flags, text } from './command'

/** A checkpoint and where it came from. */
export type Opened = {
  checkpoint: Checkpoint
  /** The file that holds the weights. */
  path: string
  /** The configuration that was used from outside the file, as parsed; null if there was none. */
  given: GivenConfig | null
  /** scheduler_config.json of the same model; null if there is none. */
  scheduler: GivenConfig | null
}

/** What save_pretrained calls the weights of a U-Net, the preferred first: whole, or the index of its shards. */
const weightNames = ['', '.fp16', '.non_ema'].flatMap((variant) => [
  `diffusion_pytorch_model${variant}.safetensors`,
  `diffusion_pytorch_model.safetensors.index${variant}.json`,
  `diffusion_pytorch_model${variant}.bin`,
])

/** The ending of an index of shards, with its variant. */
export const indexEnding = /\.safetensors\.index(\.\w+)?\.json$/

/**
 * Reads a checkpoint: a file, or a diffusers folder (flat or with unet/). --config decides over everything else; then
 * what the file says of itself, then a config.json beside it. Tells stderr what was assumed.
 * Throws an InputError for whatever is wrong with any of them.
 */
export async function openCheckpoint(path: string, flags: Flags = {}): Promise<Opened> {
  const weights = weightsFile(path)
  return withTensors(weights, async (file) => {
    const given = givenConfig(file, weights, flags)
    const noise = noiseBeside(weights)
    const wanted = { network: text(flags, 'network'), mode: text(flags, 'mode'), noise }
    const checkpoint = await readWanted(file, given, wanted, '--mode')
    const { role, prefix } = checkpoint.network
    const others = findNetworks(file).filter((other) => other.prefix !== prefix)
    if (others.length > 0)
      console.error(`${path}: using its ${role} network, not ${others.map(({ role }) => role).join(', ')}`)
    for (const assumption of checkpoint.assumptions) console.error(`${path}: assuming ${assumption}`)
    return { checkpoint, path: weights, given, scheduler: schedulerOf(weights) }
  })
}

/** The configuration that holds for a file: --config, else none if the file says it itself, else config.json beside it. */
export function givenConfig(file: TensorFile, weights: string, flags: Flags): GivenConfig | null {
  const named = text(flags, 'config')
  if (named !== undefined) return readConfigFile(named)
  return readAbout(file) ? null : configBeside(weights)
}

/** Runs `use` on an opened tensor file, with the shards beside it if it is an index of some, and closes them. */
export async function withTensors<T>(path: string, use: (file: TensorFile) => Promise<T>): Promise<T> {
  const opened: { close(): Promise<void> }[] = []
  const open = async (path: string) => {
    const source = await openFileSource(path)
    opened.push(source)
    return source
  }
  try {
    return await use(await openTensors(await open(path), (shard) => open(join(dirname(path), shard))))
  } finally {
    for (const source of opened) await source.close()
  }
}

/**
 * The bytes a checkpoint is hashed and stored as, as they are read: those of its file; of one in shards those of the one
 * safetensors file that holds the same.
 */
export async function* storedBytes(path: string): AsyncGenerator<Uint8Array> {
  const joined = await withTensors(path, async (file) => file.joined)
  if (!joined) return yield* createReadStream(path)
  yield joined.header
  for (const { name, start, end } of joined.parts)
    if (end > start) yield* createReadStream(join(dirname(path), name), { start, end: end - 1 })
}

/** The weights a path stands for: itself, or the U-Net of a diffusers folder. */
export function weightsFile(path: string): string {
  if (!isFolder(path)) return path
  const found = weightsInFolder(path)
  if (found) return found
  throw new InputError({
    file: path,
    problem: `the folder holds no ${weightNames[0]} or .bin, nor does its unet/`,
    remedy: 'Give a diffusers model folder or a checkpoint file.',
    code: 'not_found',
  })
}

/** The weights file of a diffusers folder; null if it is none. */
export function weightsInFolder(path: string): string | null {
  for (const folder of [path, join(path, 'unet')]) {
    const name = weightNames.find((name) => existsSync(join(folder, name)))
    if (name) return join(folder, name)
  }
  return null
}

export function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}

/** A family's configuration from a yaml or json file. */
export function readConfigFile(path: string): GivenConfig {
  const refuse = (problem: string, remedy: string) => new InputError({ file: path, problem, remedy })
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (error) {
    throw refuse(`it cannot be read (${(error as NodeJS.ErrnoException).code})`, 'Check the path.')
  }
  try {
    // json is a subset of yaml; merging and aliases stay bounded by the parser's own limit
    return { json: parseYaml(content), file: path }
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    throw refuse(
      `it is neither yaml nor json (${reason})`,
      'Give the configuration the checkpoint was trained with.',
    )
  }
}

/** config.json in the folder of the weights, if it describes a U-Net. */
function configBeside(weights: string): GivenConfig | null {
  const path = join(dirname(weights), 'config.json')
  if (!existsSync(path)) return null
  const found = readConfigFile(path)
  if (!describesUNet(found.json)) return null
  console.error(`${basename(weights)}: configured by ${path}`)
  return found
}

/** scheduler_config.json beside the weights, or in the scheduler/ folder next to theirs. */
function schedulerOf(weights: string): GivenConfig | null {
  const folder = dirname(weights)
  const candidates = [folder, join(folder, '..', 'scheduler')].map((place) =>
    join(place, 'scheduler_config.json'),
  )
  const path = candidates.find((candidate) => existsSync(candidate))
  return path === undefined ? null : readConfigFile(path)
}

/** The betas that a scheduler_config.json of the same model tells. */
export function noiseBeside(weights: string): Noise | undefined {
  return noiseOfScheduler(schedulerOf(weights)?.json)
}

/** Reads a tensor argument: a .npy file or FILE.safetensors:NAME, as float32. */
export async function readTensor(argument: string): Promise<Tensor> {
  const { path, name } = splitTensorArgument(argument)
  return withTensors(path, async (file) => {
    const [only, ...others] = file.tensors.keys()
    if (name === undefined && (only === undefined || others.length > 0)) {
      throw new InputError({
        file: argument,
        problem: `the file holds ${file.tensors.size} tensors (${[...file.tensors.keys()].slice(0, 5).join(', ')}, ...)`,
        remedy: `Name one: ${path}:NAME.`,
      })
    }
    const wanted = name ?? only!
    if (file.tensors.has(wanted)) return file.read(wanted)
    throw new InputError({
      file: path,
      item: wanted,
      problem: 'there is no such tensor',
      remedy: `It holds ${nearest(wanted, [...file.tensors.keys()]).join(', ')}.`,
    })
  })
}

/** FILE:NAME unless a file of the whole name exists; a drive letter is no file. */
function splitTensorArgument(argument: string): { path: string; name?: string } {
  const colon = argument.indexOf(':', 2)
  if (colon < 0 || existsSync(argument)) return { path: argument }
  const found = /^(.*?\.(?:safetensors|npy|pt|pth|bin|ckpt)):(.+)$/i.exec(argument)
  return found
    ? { path: found[1]!, name: found[2]! }
    : { path: argument.slice(0, colon), name: argument.slice(colon + 1) }
}

/** Up to `most` of the names, those closest to `wanted` (edit distance) first. */
export function nearest(wanted: string, names: readonly string[], most = 5): string[] {
  const distances = new Map(names.map((name) => [name, editDistance(wanted, name)]))
  return [...names].sort((a, b) => distances.get(a)! - distances.get(b)!).slice(0, most)
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(swap, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
