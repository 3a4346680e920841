/** Dropped files as checkpoints: opened with their shards, hashed, read as their owner wants them read. */
import type { FileFacts } from '../../lib/diagnostics/upload'
import { InputError } from '../../lib/tensor/error'
import { openTensors } from '../../lib/tensor/open'
import { blobSource, sizeOf, type TensorFile } from '../../lib/tensor/tensor'
import { type Checkpoint, type GivenConfig, readAbout } from '../../lib/unet/checkpoint'
import { readOutline } from '../../lib/unet/outline'
import { readWanted, type Wanted } from '../../lib/unet/reading'
import type { Overrides } from '../_drop/corrections'
import type { Dropped } from '../_drop/dropped'
import { hash } from './hash'

/** A network of a dropped file, and how it is to be read. */
export type Part = { dropped: Dropped; wanted: Wanted; overrides: Overrides }

/** Directories of the files seen so far: corrections open a file again and again. */
const openedFiles = new Map<string, Promise<TensorFile>>()

/** Opens a checkpoint, or an index with the shards that were dropped with it. */
export function openDropped(dropped: Dropped): Promise<TensorFile> {
  const key = fileKey(dropped)
  const opened = openedFiles.get(key) ?? openAnew(dropped)
  openedFiles.set(key, opened)
  return opened
}

function openAnew({ file, shards }: Dropped): Promise<TensorFile> {
  return openTensors(blobSource(file.name, file), async (name) => {
    const shard = shards.find((other) => other.name === name)
    if (shard) return blobSource(name, shard)
    throw new InputError({
      file: file.name,
      item: name,
      problem: 'this shard was not dropped with its index',
      remedy: 'Drop the index and all of its shards together, or their folder.',
    })
  })
}

/** The same for the same file, however often it is handed over. */
export function fileKey({ file, folder, shards }: Dropped): string {
  return [folder, file.name, file.size, file.lastModified, shards.length].join(' ')
}

/** Values a file stands for: a byte of a bit plane holds eight. */
export function valuesOf({ tensors }: Pick<TensorFile, 'tensors'>): number {
  let values = 0
  for (const { dtype, shape } of tensors.values()) values += sizeOf(shape) * (dtype === 'U8' ? 8 : 1)
  return values
}

/**
 * The configuration a file is read with. What it says of itself goes before a config beside it, as in the CLI; what its owner
 * corrected goes before both.
 */
export async function configFor(
  opened: TensorFile,
  { wanted, overrides }: Pick<Part, 'wanted' | 'overrides'>,
  beside: GivenConfig | null,
): Promise<GivenConfig | null> {
  const given = readAbout(opened) ? null : beside
  if (Object.keys(overrides).length === 0) return given
  const { config } = await readOutline(opened, given, wanted)
  return { json: { ...config, ...overrides }, file: `${opened.name}, as corrected` }
}

/** Reads and hashes one file. */
export async function loadPart(
  part: Part,
  beside: GivenConfig | null,
  onProgress: (done: number, total: number) => void,
): Promise<{ checkpoint: Checkpoint; file: FileFacts }> {
  const { dropped, wanted } = part
  const opened = await openDropped(dropped)
  const checkpoint = await readWanted(opened, await configFor(opened, part, beside), wanted)
  return { checkpoint, file: await factsOf(dropped, onProgress) }
}

/** Hashes so far: a file may be student and teacher, and is the teacher of many. */
const hashes = new Map<string, string>()

/** Name, bytes and hash of a checkpoint; of one in shards those of the one file it is joined to. */
export async function factsOf(
  dropped: Dropped,
  onProgress: (done: number, total: number) => void,
): Promise<FileFacts> {
  const content = await contentOf(dropped)
  const key = fileKey(dropped)
  const sha256 = hashes.get(key) ?? (await hash(content, dropped.file.name, onProgress))
  hashes.set(key, sha256)
  return { name: dropped.file.name, bytes: content.size, sha256 }
}

async function contentOf(dropped: Dropped): Promise<Blob> {
  const { joined } = await openDropped(dropped)
  if (!joined) return dropped.file
  const shards = new Map(dropped.shards.map((shard) => [shard.name, shard]))
  const header = joined.header as Uint8Array<ArrayBuffer>
  return new Blob([
    header,
    ...joined.parts.map(({ name, start, end }) => shards.get(name)!.slice(start, end)),
  ])
}
