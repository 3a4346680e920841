/**
 * What torch.save wrote before PyTorch 1.6 (torch/serialization.py, _legacy_save): five pickles one after the other - a magic
 * number, the protocol version 1001, facts about the system, the object, the list of storage keys - and then for each
 * key an int64 count and that many little-endian elements.
 */
import { type Fault, faultsOf, InputError, printable } from './error'
import { type PickleValue, type Unpickled, unpickle } from './pickle'
import { type ByteSource, bytesPerElement, noSuchTensor, type TensorFile } from './tensor'
import {
  bytesOf,
  damagedRemedy,
  infosOf,
  readRoot,
  type Storage,
  saveRemedy,
  storageOf,
  torchGlobals,
  type View,
  viewValues,
} from './torch'

/** The number 0x1950a86a20f9469cfc6c as a pickle of protocol 2, as Latin-1. */
export const legacyMagic = '\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.'
const protocolVersion = 1001
const firstRead = 256 * 1024
const maxPickleBytes = 32 * 1024 * 1024

/** Where a storage lies in the file; count in elements. */
type StorageRecord = { dtype: Storage['dtype']; count: number; start: number }

/** Reads the pickles and the storage counts, no tensor data. Throws an InputError for what is no checkpoint. */
export async function openTorchLegacy(source: ByteSource): Promise<TensorFile> {
  const fault = faultsOf(source.name, damagedRemedy)
  const { system, root, keys, end } = await readPickles(source)
  if (system instanceof Map && system.get('little_endian') !== true)
    throw fault(
      'it was written on a big-endian machine, only little-endian is read',
      '',
      'Save it again on a little-endian machine.',
      'unsupported',
    )
  const { views, values } = readRoot(root.value, source.size, fault)
  const records = placeStorages(keys, storagesIn(root), end, fault)
  await checkCounts(source, records, fault)
  for (const [name, view] of views) checkView(name, view, records, fault)
  return {
    name: source.name,
    container: 'torch-legacy',
    tensors: infosOf(views),
    metadata: new Map(),
    values,
    async read(name) {
      const view = views.get(name)
      if (!view) throw noSuchTensor(source.name, name)
      const { start } = records.get(view.storage.key)!
      const { from, to } = bytesOf(view)
      return { shape: view.shape, data: viewValues(view, await source.read(start + from, start + to)) }
    },
  }
}

/** The five pickles. How long they are is known once they are read: a short piece is tried first, then longer ones. */
async function readPickles(source: ByteSource) {
  for (let length = firstRead; ; length *= 8) {
    const most = Math.min(length, source.size, maxPickleBytes)
    try {
      return parsePickles(await source.read(0, most), source.name)
    } catch (error) {
      const couldGoOn = most < source.size && most < maxPickleBytes
      if (!(error instanceof InputError && error.code === 'truncated' && couldGoOn)) throw error
    }
  }
}

function parsePickles(bytes: Uint8Array, file: string) {
  let at = 0
  const next = (item: string): Unpickled => {
    const pickle = unpickle(bytes, torchGlobals, { file, item }, at)
    at = pickle.end
    return pickle
  }
  next('magic number')
  const version = next('protocol version').value
  if (version !== protocolVersion)
    throw new InputError({
      file,
      problem: `version ${typeof version === 'number' ? version : '?'} of the stream is unknown`,
      remedy: saveRemedy,
      code: 'unsupported',
    })
  const system = next('system facts').value
  const root = next('object')
  const keys = next('storage keys').value
  return { system, root, keys, end: at }
}

/** Storages by key as the object describes them, with the length of the whole where it names parts of one. */
function storagesIn({ persistent }: Unpickled): Map<string, Storage> {
  const storages = new Map<string, Storage>()
  for (const reference of persistent) {
    const storage = storageOf(reference)
    if (storage && !storages.has(storage.key)) storages.set(storage.key, storage)
  }
  return storages
}

/** Lays the storages out in the order of their keys, from `start` on. */
function placeStorages(
  keys: PickleValue,
  storages: Map<string, Storage>,
  start: number,
  fault: Fault,
): Map<string, StorageRecord> {
  if (!Array.isArray(keys)) throw fault('the list of storage keys is damaged')
  const records = new Map<string, StorageRecord>()
  let at = start
  for (const key of keys) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined
    if (!storage || records.has(storage.key)) throw fault('the list of storage keys is damaged')
    const { dtype, whole: count } = storage
    records.set(storage.key, { dtype, count, start: at + 8 })
    at += 8 + count * bytesPerElement[dtype]
  }
  return records
}

/** Every count stands where the ones before it say, and the last storage ends with the file; 64 at a time. */
async function checkCounts(
  source: ByteSource,
  records: Map<string, StorageRecord>,
  fault: Fault,
): Promise<void> {
  const all = [...records]
  const last = all.at(-1)?.[1]
  const end = last ? last.start + last.count * bytesPerElement[last.dtype] : 0
  if (end > source.size)
    throw fault(
      `its storages take ${end} bytes, the file has ${source.size}`,
      '',
      'It looks truncated: download or copy it again.',
      'truncated',
    )
  if (end < source.size && last) throw fault(`${source.size - end} bytes follow the last storage`)
  for (let i = 0; i < all.length; i += 64)
    await Promise.all(
      all.slice(i, i + 64).map(async ([key, { start, count }]) => {
        const bytes = await source.read(start - 8, start)
        const found = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigInt64(0, true)
        if (found !== BigInt(count))
          throw fault(`storage ${printable(key, 20)} has ${found} elements, ${count} are described`)
      }),
    )
}

function checkView(name: string, { storage }: View, records: Map<string, StorageRecord>, fault: Fault): void {
  const record = records.get(storage.key)
  if (!record) throw fault(`its storage ${printable(storage.key, 20)} is missing`, name)
  if (record.dtype !== storage.dtype || storage.whole !== record.count)
    throw fault(`its storage ${printable(storage.key, 20)} is described in two ways`, name)
}
