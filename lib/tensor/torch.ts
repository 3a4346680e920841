/**
 * PyTorch zip checkpoints (torch.save since 1.6) whose root is a state dict, names to tensors. The layout is that of
 * torch/serialization.py and torch/_utils.py: STEM/data.pkl describes the tensors as views of storages,
 * STEM/data/KEY holds the raw little-endian elements of one storage.
 */
import { InputError, printable } from './error'
import { toFloat32 } from './float'
import {
  PersistentId,
  PickleCall,
  type PickleDict,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
  unpickle,
} from './pickle'
import { gather, isRowMajor, spanOf } from './strided'
import { type ByteSource, bytesPerElement, type DType, type TensorFile, type TensorInfo } from './tensor'
import { openZip, type ZipArchive, type ZipEntry } from './zip'

const storages = new Map<string, DType>([
  ['torch DoubleStorage', 'F64'],
  ['torch FloatStorage', 'F32'],
  ['torch HalfStorage', 'F16'],
  ['torch BFloat16Storage', 'BF16'],
  ['torch LongStorage', 'I64'],
  ['torch IntStorage', 'I32'],
  ['torch ShortStorage', 'I16'],
  ['torch CharStorage', 'I8'],
  ['torch ByteStorage', 'U8'],
  ['torch BoolStorage', 'BOOL'],
])
const allowed = new Set([
  ...storages.keys(),
  'torch._utils _rebuild_tensor',
  'torch._utils _rebuild_tensor_v2',
  'torch._utils _rebuild_parameter',
  'torch.nn.parameter Parameter',
  'torch Size',
])

const maxPickleBytes = 32 * 1024 * 1024
const maxRank = 64
/** 1 GiB as float32; the largest layers of diffusion models have some 10^8 weights. */
const maxElements = 2 ** 28
/** A view that repeats its storage (stride 0) may not unfold beyond this many elements. */
const maxRepeated = 2 ** 24

const saveRemedy = 'Save the weights alone: torch.save(model.state_dict(), "weights.pt"), or as safetensors.'
const damagedRemedy = 'It looks damaged: download or copy it again.'

/** A tensor as a view of a storage record; offset and strides in elements. */
type View = TensorInfo & {
  record: ZipEntry
  start: number
  offset: number
  strides: number[]
  elements: number
}
type Fault = (problem: string, item?: string, remedy?: string) => InputError

/** Reads the directory and data.pkl, no tensor data. Throws an InputError for everything but a plain state dict. */
export async function openTorch(source: ByteSource): Promise<TensorFile> {
  const fault: Fault = (problem, item, remedy = damagedRemedy) =>
    new InputError({ file: source.name, item, problem, remedy })
  const zip = await openZip(source)
  const stem = findStem(zip, fault)
  await checkByteOrder(zip, stem, fault)
  const dict = stateDict(await readPickle(zip, `${stem}/data.pkl`, source.name, fault), fault)
  const views = new Map<string, View>()
  for (const [name, value] of dict) {
    if (typeof name !== 'string')
      throw fault(`the state dict has ${describe(name)} as a name`, '', saveRemedy)
    views.set(name, resolveView(name, value, zip, stem, fault))
  }
  await locateRecords(zip, [...views.values()])

  const tensors = new Map<string, TensorInfo>()
  for (const [name, { dtype, shape }] of views) tensors.set(name, { dtype, shape })
  return {
    name: source.name,
    container: 'torch-zip',
    tensors,
    metadata: new Map(),
    async read(name) {
      const view = views.get(name)
      if (!view) throw fault('there is no such tensor', name, 'Choose one of the names the file lists.')
      return { shape: view.shape, data: await readView(source, zip, view) }
    },
  }
}

function findStem(zip: ZipArchive, fault: Fault): string {
  const names = [...zip.entries.keys()]
  const pickles = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name))
  if (names.some((name) => /^[^/]+\/(constants\.pkl$|code\/)/.test(name)))
    throw fault('it is a TorchScript program, not a checkpoint', '', saveRemedy)
  if (names.some((name) => name.endsWith('.npy')))
    throw fault('it is an .npz archive of NumPy arrays', '', 'Save the weights as safetensors instead.')
  const [pickle] = pickles
  if (!pickle || pickles.length > 1) {
    const listed = names.slice(0, 3).map((name) => printable(name, 40))
    const found = names.length === 0 ? 'nothing' : listed.join(', ') + (names.length > 3 ? ', ...' : '')
    throw fault(
      `a zip archive with ${pickles.length} data.pkl instead of one (it holds ${found})`,
      '',
      saveRemedy,
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
    )
}

async function readPickle(zip: ZipArchive, name: string, file: string, fault: Fault): Promise<PickleValue> {
  const entry = zip.entries.get(name)!
  if (entry.size > maxPickleBytes)
    throw fault(`${entry.size} bytes, more than the directory of a checkpoint takes`, name, saveRemedy)
  const { value, end } = unpickle(await zip.read(entry), allowed, file)
  if (end !== entry.size) throw fault(`${entry.size - end} bytes follow the pickle`, name)
  return value
}

/** The dict of names to tensors: the root, or what stands under its only key. */
function stateDict(root: PickleValue, fault: Fault): PickleDict {
  let dict = root
  if (root instanceof Map && root.size === 1) {
    const inner = root.get('state_dict') ?? root.get('model')
    if (inner instanceof Map) dict = inner
  }
  if (Array.isArray(dict) && dict.length >= 4 && isStateDict(dict[0]!))
    throw fault(
      `it is a training checkpoint, a list of ${dict.length} (weights, optimizer, epoch, step${dict.length > 4 ? ', EMA weights' : ''})`,
      '',
      `Save one state dict by itself: torch.save(checkpoint[0], "weights.pt")${dict.length > 4 ? ', or checkpoint[-1] for EMA' : ''}.`,
    )
  if (dict instanceof Map && dict.get('state_dict') instanceof Map)
    throw fault(
      `it is a ${dict.has('pytorch-lightning_version') ? 'PyTorch Lightning' : 'training'} checkpoint, ${describe(dict)}`,
      '',
      'Save its state_dict by itself: torch.save(checkpoint["state_dict"], "weights.pt").',
    )
  if (!(dict instanceof Map) || dict.size === 0)
    throw fault(`it holds ${describe(dict)}, not a state dict`, '', saveRemedy)
  return dict
}

function isStateDict(value: PickleValue): boolean {
  return value instanceof Map && value.size > 0 && [...value.values()].every((v) => v instanceof PickleCall)
}

function describe(value: PickleValue): string {
  if (value instanceof Map) {
    const keys = [...value.keys()]
      .slice(0, 4)
      .map((key) => (typeof key === 'string' ? printable(key, 24) : describe(key)))
    return value.size === 0
      ? 'an empty dict'
      : `a dict with the keys ${keys.join(', ')}${value.size > 4 ? ', ...' : ''}`
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`
  if (value instanceof PickleCall)
    return value.callee.startsWith('torch._utils') ? 'a tensor' : value.callee.replace(' ', '.')
  if (value instanceof PickleGlobal) return value.name.replace(' ', '.')
  if (value instanceof PersistentId) return 'a storage'
  if (value instanceof Uint8Array) return 'bytes'
  if (value === null) return 'None'
  return (
    { boolean: 'a bool', number: 'a number', bigint: 'a number', string: 'text' }[typeof value as string] ??
    'an object'
  )
}

function resolveView(name: string, value: PickleValue, zip: ZipArchive, stem: string, fault: Fault): View {
  const call =
    value instanceof PickleCall && value.callee === 'torch._utils _rebuild_parameter' ? value.args[0] : value
  if (!(call instanceof PickleCall) || !/^torch\._utils _rebuild_tensor(_v2)?$/.test(call.callee))
    throw fault(`the state dict has ${describe(value)} here instead of a tensor`, name, saveRemedy)
  const [storage, offset, size, stride] = call.args
  const shape = integers(size)
  const strides = integers(stride)
  if (!isIndex(offset) || !shape || !strides || shape.length !== strides.length || shape.length > maxRank)
    throw fault('its offset, shape or strides are damaged', name)
  const { dtype, record, numel } = resolveStorage(name, storage, zip, stem, fault)

  const elements = shape.reduce((n, d) => n * d, 1)
  if (!(elements <= maxElements) || (elements > numel && elements > maxRepeated))
    throw fault(
      `shape [${printable(shape.join(', '))}] on a storage of ${numel} elements is out of proportion`,
      name,
    )
  const span = spanOf(shape, strides)
  if (!(offset + span <= numel))
    throw fault(`it reaches element ${offset + span} of a storage that has ${numel}`, name)
  return { dtype, shape, record, start: 0, offset, strides, elements }
}

/** The record behind ('storage', class, key, location, number of elements). */
function resolveStorage(
  name: string,
  storage: PickleValue | undefined,
  zip: ZipArchive,
  stem: string,
  fault: Fault,
): { dtype: DType; record: ZipEntry; numel: number } {
  const id = storage instanceof PersistentId ? storage.id : undefined
  const [tag, type, key, , numel] = id instanceof PickleTuple ? id.items : []
  if (tag !== 'storage' || !(type instanceof PickleGlobal) || typeof key !== 'string' || !isIndex(numel))
    throw fault('its storage is not described the way torch.save does', name)
  const dtype = storages.get(type.name)
  if (!dtype) throw fault(`${type.name.replace(' ', '.')} is not a storage`, name)
  const record = zip.entries.get(`${stem}/data/${key}`)
  if (!record) throw fault(`its storage, record data/${printable(key, 20)}, is missing`, name)
  if (numel * bytesPerElement[dtype] > record.size)
    throw fault(
      `its storage should have ${numel} elements of ${dtype}, the record has ${record.size} bytes`,
      name,
    )
  return { dtype, record, numel }
}

/** Elements of a tuple (or torch.Size) of unsigned integers. */
function integers(value: PickleValue | undefined): number[] | undefined {
  const tuple = value instanceof PickleCall && value.callee === 'torch Size' ? value.args[0] : value
  if (!(tuple instanceof PickleTuple)) return undefined
  const items = tuple.items
  return items.every(isIndex) ? items : undefined
}

function isIndex(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Checks the local headers of all storages and notes where their data starts; 64 at a time. */
async function locateRecords(zip: ZipArchive, views: View[]): Promise<void> {
  const records = [...new Set(views.map((view) => view.record))]
  const starts = new Map<ZipEntry, number>()
  for (let i = 0; i < records.length; i += 64)
    await Promise.all(
      records.slice(i, i + 64).map(async (record) => starts.set(record, await zip.dataStart(record))),
    )
  for (const view of views) view.start = starts.get(view.record)!
}

/** Reads the part of the storage the view spans; a whole record also has its CRC checked. */
async function readView(source: ByteSource, zip: ZipArchive, view: View): Promise<Float32Array> {
  const { dtype, shape, strides, offset, record } = view
  const bytes = bytesPerElement[dtype]
  const span = spanOf(shape, strides)
  const from = view.start + offset * bytes
  const whole = span * bytes === record.size
  const data = toFloat32(dtype, whole ? await zip.read(record) : await source.read(from, from + span * bytes))
  return isRowMajor(shape, strides) ? data : gather(data, shape, strides)
}
