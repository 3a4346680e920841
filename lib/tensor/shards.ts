/**
 * Checkpoints in several safetensors files, as save_pretrained of diffusers and transformers writes large models: an index
 * NAME.safetensors.index.json {metadata, weight_map: {tensor: file}} and the files beside it.
 */
import { type Fault, faultsOf, InputError, printable } from './error'
import { JsonReader } from './json'
import { type Directory, type Entry, headerOf, maxTensors, readDirectory, tensorFile } from './safetensors'
import { type ByteSource, type Joined, noSuchTensor, type TensorFile, type TensorInfo } from './tensor'

const maxIndexBytes = 32 * 1024 * 1024
const maxShards = 1000
const damaged = 'Download or copy the index and all of its shards again.'

/** Opens a file that lies beside another, by its plain name. Rejects with an InputError if it is not there. */
export type OpenSibling = (name: string) => Promise<ByteSource>

/**
 * Reads the index and the headers of all shards. Throws an InputError for a shard whose name is a path, and for an index
 * and shards that do not list the same tensors, each once.
 */
export async function openShards(index: ByteSource, openSibling: OpenSibling): Promise<TensorFile> {
  const fault = faultsOf(index.name, damaged)
  const weightMap = await readWeightMap(index, fault)
  const shardNames = [...new Set(weightMap.values())]
  if (shardNames.length > maxShards)
    throw fault(`it names more than ${maxShards} shards`, '', damaged, 'too_large')
  for (const name of shardNames)
    if (!isPlainName(name))
      throw fault(`the shard "${printable(name)}" is not the plain name of a safetensors file`)

  const homes = new Map<string, TensorFile>()
  const tensors = new Map<string, TensorInfo>()
  const directories = new Map<string, Directory>()
  for (const shardName of shardNames) {
    const source = await openSibling(shardName)
    const directory = await readDirectory(source)
    directories.set(shardName, directory)
    const shard = tensorFile(source, directory)
    for (const [name, info] of shard.tensors) {
      if (homes.has(name)) throw fault(`it is in ${homes.get(name)!.name} and in ${shard.name}`, name)
      if (weightMap.get(name) !== shardName)
        throw fault(`it is in ${shard.name}, which the index does not say`, name)
      homes.set(name, shard)
      tensors.set(name, info)
    }
  }
  for (const [name, shardName] of weightMap)
    if (!homes.has(name))
      throw fault(
        `the index says it is in ${printable(shardName)}, which does not hold it`,
        name,
        damaged,
        'missing_tensor',
      )
  return {
    name: index.name,
    container: 'safetensors-sharded',
    tensors,
    metadata: new Map(),
    values: new Map(),
    joined: joinShards(directories),
    async read(name) {
      const shard = homes.get(name)
      if (!shard) throw noSuchTensor(index.name, name)
      return shard.read(name)
    },
  }
}

/**
 * One file of all shards: their data, the shards in order of their names, whatever the index's order, behind one header.
 * Their metadata is left out.
 */
function joinShards(directories: ReadonlyMap<string, Directory>): Joined {
  const entries = new Map<string, Entry>()
  const parts: Joined['parts'] = []
  let base = 0
  for (const [name, shard] of [...directories].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let bytes = 0
    for (const [tensor, entry] of shard.entries) {
      entries.set(tensor, { ...entry, start: base + entry.start, end: base + entry.end })
      bytes = Math.max(bytes, entry.end)
    }
    parts.push({ name, start: shard.dataStart, end: shard.dataStart + bytes })
    base += bytes
  }
  return { header: headerOf(entries), parts }
}

/** What to say of an index whose shards cannot be reached. */
export function shardsMissing(file: string): InputError {
  return new InputError({
    file,
    problem: 'it is the index of a checkpoint in several shards, which hold the weights',
    remedy: 'Give the shards along with it: their folder, or all files at once.',
    code: 'not_found',
  })
}

async function readWeightMap(index: ByteSource, fault: Fault): Promise<Map<string, string>> {
  if (index.size > maxIndexBytes)
    throw fault(`${index.size} bytes are too many for an index`, '', damaged, 'too_large')
  const text = new TextDecoder().decode(await index.read(0, index.size))
  const json = new JsonReader(text, (problem) => fault(`the index cannot be read: ${problem}`))
  const weightMap = new Map<string, string>()
  json.object((key) => {
    if (key === 'weight_map') json.object((name) => weightMap.set(name, json.string()))
    else json.skip()
  })
  json.end()
  if (weightMap.size === 0) throw fault('the index lists no tensors')
  if (weightMap.size > maxTensors)
    throw fault(`more than ${maxTensors} tensors are listed`, '', damaged, 'too_large')
  return weightMap
}

function isPlainName(name: string): boolean {
  return /^[^/\\:\0]+\.safetensors$/.test(name) && !name.startsWith('.')
}
