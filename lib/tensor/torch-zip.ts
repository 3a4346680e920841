/**
 * PyTorch checkpoints of torch.save since 1.6 (torch/serialization.py): a zip archive where STEM/data.pkl describes the
 * tensors and STEM/data/KEY holds the raw little-endian elements of one storage.
 */
import { type Fault, faultsOf, printable } from './error'
import { unpickle } from './pickle'
import { type ByteSource, bytesPerElement, noSuchTensor, type TensorFile } from './tensor'
import {
  bytesOf,
  damagedRemedy,
  infosOf,
  readRoot,
  saveRemedy,
  torchGlobals,
  type View,
  viewValues,
} from './torch'
import type { ZipArchive, ZipEntry } from './zip'

const maxPickleBytes = 32 * 1024 * 1024

/** Reads data.pkl and the local headers of the storages, no tensor data. Throws an InputError for what is no checkpoint. */
export async function openTorchZip(source: ByteSource, zip: ZipArchive): Promise<TensorFile> {
  const fault = faultsOf(source.name, damagedRemedy)
  for (const { name, method } of zip.entries.values())
    if (method !== 0)
      throw fault(
        `this record is compressed (method ${method})`,
        name,
        'Save it again with torch.save, or as safetensors.',
        'unsupported',
      )
  const stem = findStem(zip, fault)
  await checkByteOrder(zip, stem, fault)
  const { views, values } = readRoot(
    await readPickle(zip, `${stem}/data.pkl`, source.name, fault),
    source.size,
    fault,
  )
  checkStorages(views, fault)
  const records = new Map([...views].map(([name, view]) => [name, recordOf(name, view, zip, stem, fault)]))
  const starts = await locateRecords(zip, [...new Set(records.values())])
  return {
    name: source.name,
    container: 'torch-zip',
    tensors: infosOf(views),
    metadata: new Map(),
    values,
    async read(name) {
      const view = views.get(name)
      const record = records.get(name)
      if (!view || !record) throw noSuchTensor(source.name, name)
      const { from, to } = bytesOf(view)
      const start = starts.get(record)!
      const whole = to - from === record.size
      const bytes = whole ? await zip.read(record) : await source.read(start + from, start + to)
      return { shape: view.shape, data: viewValues(view, bytes) }
    },
  }
}

function findStem(zip: ZipArchive, fault: Fault): string {
  const names = [...zip.entries.keys()]
  const pickles = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
  if (names.some((name) => /^[^/]+\/(constants\.pkl$|code\/)/.test(name)))
    throw fault('it is a TorchScript program, not a checkpoint', '', saveRemedy, 'not_a_checkpoint')
  const [pickle] = pickles
  if (!pickle || pickles.length > 1) {
    const listed = names.slice(0, 3).map((name) => printable(name, 40))
    const found = names.length === 0 ? 'nothing' : listed.join(', ') + (names.length > 3 ? ', ...' : '')
    throw fault(
      `a zip archive with ${pickles.length} data.pkl instead of one (it holds ${found})`,
      '',
      saveRemedy,
      'not_a_checkpoint',
    )
  }
  return pickle.slice(0, pickle.indexOf('/'))
}

async function checkByteOrder(zip: ZipArchive, stem: string, fault: Fault): Promise<void> {
  const entry = zip.entries.get(`${stem}/byteorder`)
  if (!entry) return
  if (entry.size > 16) throw fault(`${entry.size} bytes instead of a word`, entry.name)
  const order = new TextDecoder().decode(await zip.read(entry)).trim()
  if (order !== 'little')
    throw fault(
      `byte order "${printable(order)}", only little-endian is read`,
      entry.name,
      'Save it again on a little-endian machine.',
      'unsupported',
    )
}

async function readPickle(zip: ZipArchive, name: string, file: string, fault: Fault) {
  const entry = zip.entries.get(name)!
  if (entry.size > maxPickleBytes)
    throw fault(
      `${entry.size} bytes, more than the directory of a checkpoint takes`,
      name,
      saveRemedy,
      'too_large',
    )
  const { value, end } = unpickle(await zip.read(entry), torchGlobals, { file, item: 'data.pkl' })
  if (end !== entry.size) throw fault(`${entry.size - end} bytes follow the pickle`, name)
  return value
}

/** Views of one storage agree on what it is; readers that do not check take the first or the last word. */
function checkStorages(views: Map<string, View>, fault: Fault): void {
  const known = new Map<string, View['storage']>()
  for (const [name, { storage }] of views) {
    const { key, dtype, whole } = storage
    const first = known.get(key) ?? storage
    known.set(key, first)
    if (first.dtype !== dtype || first.whole !== whole)
      throw fault(`its storage ${printable(key, 20)} is described in two ways`, name)
  }
}

function recordOf(name: string, { storage }: View, zip: ZipArchive, stem: string, fault: Fault): ZipEntry {
  const { key, dtype, whole } = storage
  const record = zip.entries.get(`${stem}/data/${key}`)
  if (!record) throw fault(`its storage, record data/${printable(key, 20)}, is missing`, name)
  if (whole * bytesPerElement[dtype] > record.size)
    throw fault(
      `its storage should have ${whole} elements of ${dtype}, the record has ${record.size} bytes`,
      name,
    )
  return record
}

/** Checks the local headers of records and tells where their data starts; 64 at a time. */
async function locateRecords(zip: ZipArchive, records: ZipEntry[]): Promise<Map<ZipEntry, number>> {
  const starts = new Map<ZipEntry, number>()
  for (let i = 0; i < records.length; i += 64)
    await Promise.all(
      records.slice(i, i + 64).map(async (record) => starts.set(record, await zip.dataStart(record))),
    )
  return starts
}
