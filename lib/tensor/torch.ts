/**
 * What the containers of torch.save have in common: a pickle that describes tensors as views of storages (torch/_utils.py).
 * The root may be a state dict, or anything a training keeps: dicts, lists and tuples are walked, and every tensor
 * and plain value gets the path of keys that leads to it as its name.
 */
import { type Fault, printable } from './error'
import { toFloat32 } from './float'
import {
  type Globals,
  PersistentId,
  PickleCall,
  type PickleDict,
  PickleGlobal,
  PickleTuple,
  type PickleValue,
} from './pickle'
import { gather, isRowMajor, spanOf } from './strided'
import { bytesPerElement, type DType, maxRank, type PlainValue, sizeOf, type TensorInfo } from './tensor'

const storageTypes = new Map<string, DType>([
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

/** Modules of classes that trainings leave in their checkpoints as dict keys or as objects beside the tensors. */
const inertModules = ['pytorch_lightning.', 'lightning.', 'lightning_fabric.', 'omegaconf.', 'argparse ']
const inertNames = new Set(['typing Any', ...['dict', 'list', 'int', 'float', 'str', 'bool'].map(builtin)])

function builtin(type: string): string {
  return `builtins ${type}`
}

/**
 * The globals a checkpoint may name. Those that may be called are what torch.save needs to write tensors, and what NumPy and
 * collections need for numbers and counters of a scheduler; their calls are kept as records and only the tensors among them are
 * looked at. Inert ones (a Lightning callback as a dict key, a Namespace of hyperparameters) may only be named: calling
 * one is refused like any unknown name, and what an object of such a class holds is dropped unread. As no
 * name is ever resolved, the lists decide what is *read*, never what runs; every other name is refused.
 */
export const torchGlobals: Globals = {
  callable: new Set([
    ...storageTypes.keys(),
    'torch._utils _rebuild_tensor',
    'torch._utils _rebuild_tensor_v2',
    'torch._utils _rebuild_parameter',
    'torch.nn.parameter Parameter',
    'torch Size',
    'torch device',
    'collections Counter',
    'collections defaultdict',
    'numpy dtype',
    'numpy.core.multiarray scalar',
    'numpy._core.multiarray scalar',
    '_codecs encode',
  ]),
  isInert: (name) =>
    inertModules.some((module) => name.startsWith(module)) ||
    inertNames.has(name.replace('__builtin__', 'builtins')),
}

export const damagedRemedy = 'It looks damaged: download or copy it again.'
export const saveRemedy =
  'Save the weights alone: torch.save(model.state_dict(), "weights.pt"), or as safetensors.'

/** 1 GiB as float32; the largest layers of diffusion models have some 10^8 weights. */
const maxElements = 2 ** 28
/**
 * Views that repeat what is stored (stride 0, one storage under many names) may not unfold beyond this many elements, each by
 * itself and all together, unless the file is as large in proportion.
 */
const maxRepeated = 2 ** 24
const maxUnfolding = 32
/** Deepest path followed, and most dicts, lists and tensors met on all paths: shared ones count each time. */
const maxDepth = 32
const maxNodes = 250_000
/** Values beyond these are left out: they are shown, not needed. */
const maxValues = 10_000
const maxTextLength = 1024

/** ('storage', class, key, location, number of elements[, view of another storage]). */
export type Storage = {
  key: string
  dtype: DType
  numel: number
  /** First element it has of the stored record, and elements of that record: old files name parts of one. */
  start: number
  whole: number
}

/** A tensor as a view of a storage; offset and strides in elements. */
export type View = TensorInfo & { storage: Storage; offset: number; strides: number[] }

/**
 * Every tensor and plain value of a root, by path. Throws an InputError for a root without tensors, for tensors that lie, and
 * for more of them than a file of `fileBytes` can mean.
 */
export function readRoot(
  root: PickleValue,
  fileBytes: number,
  fault: Fault,
): { views: Map<string, View>; values: Map<string, PlainValue> } {
  const views = new Map<string, View>()
  const values = new Map<string, PlainValue>()
  let nodes = 0

  const visit = (value: PickleValue, path: string, depth: number): void => {
    if (isPlain(value)) {
      if (values.size < maxValues && !(typeof value === 'string' && value.length > maxTextLength))
        values.set(path, value)
      return
    }
    if (++nodes > maxNodes)
      throw fault(`its dicts and lists unfold to more than ${maxNodes} items`, '', saveRemedy, 'too_large')
    if (depth > maxDepth)
      throw fault(
        `its dicts and lists are nested deeper than ${maxDepth} levels`,
        '',
        saveRemedy,
        'too_large',
      )
    const tensor = tensorCall(value)
    if (tensor) {
      if (views.has(path)) throw fault('two tensors have this path', path, saveRemedy)
      views.set(path, viewOf(path, tensor, fault))
    } else if (value instanceof Map) {
      if (isOptimizerState(value)) return
      for (const [key, item] of value) visit(item, join(path, keyText(key, fault)), depth + 1)
    } else if (Array.isArray(value) || value instanceof PickleTuple) {
      const items = Array.isArray(value) ? value : value.items
      for (const [i, item] of items.entries()) visit(item, join(path, `${i}`), depth + 1)
    }
  }

  if (!tensorCall(root)) visit(root, '', 0)
  if (views.size === 0)
    throw fault(`it holds ${describe(root)}, not a state dict`, '', saveRemedy, 'not_a_checkpoint')
  const elements = [...views.values()].reduce((n, { shape }) => n + sizeOf(shape), 0)
  if (elements > maxRepeated && elements > maxUnfolding * fileBytes)
    throw fault(
      `its tensors unfold to ${elements} elements, out of proportion to ${fileBytes} bytes`,
      '',
      damagedRemedy,
      'too_large',
    )
  return { views, values }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}/${key}`
}

function keyText(key: PickleValue, fault: Fault): string {
  if (typeof key === 'string') return key
  if (key instanceof PickleGlobal) return key.name.replace(' ', '.')
  if (['number', 'bigint', 'boolean'].includes(typeof key)) return String(key)
  throw fault(`a dict has ${describe(key)} as a key`, '', saveRemedy)
}

function isPlain(value: PickleValue): value is PlainValue {
  return ['number', 'string', 'boolean'].includes(typeof value)
}

/** What optimizer.state_dict() gives: left out, its tensors are no weights. */
function isOptimizerState(dict: PickleDict): boolean {
  return dict.has('state') && dict.has('param_groups')
}

function tensorCall(value: PickleValue): PickleCall | null {
  const parameter = value instanceof PickleCall && value.callee === 'torch._utils _rebuild_parameter'
  const call = parameter ? value.args[0] : value
  return call instanceof PickleCall && /^torch\._utils _rebuild_tensor(_v2)?$/.test(call.callee) ? call : null
}

function describe(value: PickleValue): string {
  if (value instanceof Map) {
    const keys = [...value.keys()]
      .slice(0, 4)
      // A dict can be among its own keys: only plain ones are looked into.
      .map((key) =>
        typeof key === 'string' ? printable(key, 24) : key instanceof Map ? 'a dict' : describe(key),
      )
    return value.size === 0
      ? 'an empty dict'
      : `a dict with the keys ${keys.join(', ')}${value.size > 4 ? ', ...' : ''}`
  }
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (value instanceof PickleTuple) return `a tuple of ${value.items.length}`
  if (tensorCall(value)) return 'a tensor'
  if (value instanceof PickleCall) return value.callee.replace(' ', '.')
  if (value instanceof PickleGlobal) return value.name.replace(' ', '.')
  if (value instanceof PersistentId) return 'a storage'
  if (value instanceof Uint8Array) return 'bytes'
  if (value === null) return 'None'
  return (
    { boolean: 'a bool', number: 'a number', bigint: 'a number', string: 'text' }[typeof value as string] ??
    'an object'
  )
}

function viewOf(name: string, call: PickleCall, fault: Fault): View {
  const [reference, offset, size, stride] = call.args
  const shape = integers(size)
  const strides = integers(stride)
  if (!isIndex(offset) || !shape || !strides || shape.length !== strides.length || shape.length > maxRank)
    throw fault('its offset, shape or strides are damaged', name)
  const storage = reference instanceof PersistentId ? storageOf(reference) : null
  if (!storage) throw fault('what it views is not a storage the way torch.save describes one', name)
  const { numel } = storage
  const elements = shape.reduce((n, d) => n * d, 1)
  if (!(elements <= maxElements) || (elements > numel && elements > maxRepeated))
    throw fault(
      `shape [${printable(shape.join(', '))}] on a storage of ${numel} elements is out of proportion`,
      name,
      damagedRemedy,
      'too_large',
    )
  const span = spanOf(shape, strides)
  if (!(offset + span <= numel))
    throw fault(`it reaches element ${offset + span} of a storage that has ${numel}`, name)
  return { dtype: storage.dtype, shape, storage, offset, strides }
}

/** The storage a persistent id describes; null if it is none. */
export function storageOf({ id }: PersistentId): Storage | null {
  const [tag, type, key, , numel, part] = id instanceof PickleTuple ? id.items : []
  const dtype = type instanceof PickleGlobal ? storageTypes.get(type.name) : undefined
  if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isIndex(numel)) return null
  if (part === undefined || part === null) return { key, dtype, numel, start: 0, whole: numel }
  const [, start, length] = part instanceof PickleTuple ? part.items : []
  if (!isIndex(start) || !isIndex(length) || start + length > numel) return null
  return { key, dtype, numel: length, start, whole: numel }
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

/** Bytes [from, to) of its record that a view spans. */
export function bytesOf({ dtype, shape, strides, offset, storage }: View): { from: number; to: number } {
  const bytes = bytesPerElement[dtype]
  const from = (storage.start + offset) * bytes
  return { from, to: from + spanOf(shape, strides) * bytes }
}

/** Row-major values of a view from the bytes it spans. */
export function viewValues({ dtype, shape, strides }: View, bytes: Uint8Array): Float32Array {
  const data = toFloat32(dtype, bytes)
  return isRowMajor(shape, strides) ? data : gather(data, shape, strides)
}

/** Names, types and shapes of views. */
export function infosOf(views: Map<string, View>): Map<string, TensorInfo> {
  return new Map([...views].map(([name, { dtype, shape }]) => [name, { dtype, shape }]))
}
