/**
 * safetensors: 8 bytes header length, a JSON header, the data. The rules are those of the reference reader
 * (huggingface/safetensors, safetensors/src/tensor.rs), plus what its README forbids but the reference lets pass:
 * names that come twice.
 */
import { type Fault, faultsOf, printable } from './error'
import { fromFloat32, toFloat32 } from './float'
import { JsonReader } from './json'
import {
  type ByteSource,
  bytesPerElement,
  type DType,
  maxRank,
  noSuchTensor,
  sizeOf,
  type Tensor,
  type TensorFile,
  type TensorInfo,
} from './tensor'

const maxHeaderBytes = 100_000_000
/** Not a rule of the format: bounds the memory a header can claim. Diffusion models hold hundreds to thousands. */
export const maxTensors = 250_000
const damaged = 'It looks damaged: download or copy it again.'

/** A tensor's directory entry; offsets count from the first byte after the header. */
export type Entry = TensorInfo & { start: number; end: number }

/** What a header says, and the first byte after it. */
export type Directory = { entries: Map<string, Entry>; metadata: Map<string, string>; dataStart: number }

/** Reads and checks the header only. Throws an InputError for every file the reference reader refuses. */
export async function openSafetensors(source: ByteSource): Promise<TensorFile> {
  return tensorFile(source, await readDirectory(source))
}

/** The header, checked. Throws an InputError for every file the reference reader refuses. */
export async function readDirectory(source: ByteSource): Promise<Directory> {
  const fault = faultsOf(source.name, damaged)
  if (source.size < 8)
    throw fault(`a safetensors file has at least 8 bytes, this one ${source.size}`, '', damaged, 'truncated')
  const first = await source.read(0, 8)
  const length = new DataView(first.buffer, first.byteOffset, 8).getBigUint64(0, true)
  if (length > maxHeaderBytes)
    throw fault(
      `the header claims ${length} bytes, the format allows ${maxHeaderBytes}`,
      '',
      damaged,
      'too_large',
    )
  const dataStart = 8 + Number(length)
  if (dataStart > source.size)
    throw fault(
      `the header claims ${length} bytes, the file has ${source.size - 8} after the length`,
      '',
      damaged,
      'truncated',
    )
  const { entries, metadata } = parseHeader(decode(await source.read(8, dataStart), fault), fault)
  checkLayout(entries, source.size - dataStart, fault)
  return { entries, metadata, dataStart }
}

/** The tensors of a file whose header was read. */
export function tensorFile(source: ByteSource, { entries, metadata, dataStart }: Directory): TensorFile {
  const tensors = new Map<string, TensorInfo>()
  for (const [name, { dtype, shape }] of entries) tensors.set(name, { dtype, shape })
  return {
    name: source.name,
    container: 'safetensors',
    tensors,
    metadata,
    values: new Map(),
    async read(name) {
      const entry = entries.get(name)
      if (!entry) throw noSuchTensor(source.name, name)
      const bytes = await source.read(dataStart + entry.start, dataStart + entry.end)
      return { shape: entry.shape, data: toFloat32(entry.dtype, bytes) }
    },
  }
}

/**
 * The bytes of a safetensors file. Tensors are laid out in the order given, the header is padded with spaces to a
 * multiple of 8, so equal input gives equal bytes. Throws a RangeError for values a dtype cannot hold
 * and for shapes that do not fit their data.
 */
export function writeSafetensors(
  tensors: Map<string, { tensor: Tensor; dtype: DType }>,
  metadata: Map<string, string> = new Map(),
): Uint8Array {
  const entries = new Map<string, Entry>()
  let end = 0
  for (const [name, { tensor, dtype }] of tensors) {
    if (name === '__metadata__') throw new RangeError('a tensor cannot be named __metadata__')
    if (sizeOf(tensor.shape) !== tensor.data.length)
      throw new RangeError(`${name}: shape [${tensor.shape}] does not hold ${tensor.data.length} values`)
    const start = end
    end += tensor.data.length * bytesPerElement[dtype]
    entries.set(name, { dtype, shape: tensor.shape, start, end })
  }
  const header = headerOf(entries, metadata)
  const out = new Uint8Array(header.length + end)
  out.set(header)
  let at = header.length
  for (const { tensor, dtype } of tensors.values()) {
    const bytes = fromFloat32(dtype, tensor.data)
    out.set(bytes, at)
    at += bytes.length
  }
  return out
}

/** Length and header of a file, in the order given, padded with spaces to a multiple of 8. */
export function headerOf(entries: Map<string, Entry>, metadata: Map<string, string> = new Map()): Uint8Array {
  const fields: string[] = []
  if (metadata.size > 0) {
    const pairs = [...metadata].map(([key, value]) => `${jsonString(key)}:${jsonString(value)}`)
    fields.push(`"__metadata__":{${pairs.join(',')}}`)
  }
  for (const [name, { dtype, shape, start, end }] of entries)
    fields.push(
      `${jsonString(name)}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${start},${end}]}`,
    )
  const text = new TextEncoder().encode(`{${fields.join(',')}}`)
  const length = Math.ceil(text.length / 8) * 8
  const header = new Uint8Array(8 + length).fill(0x20)
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true)
  header.set(text, 8)
  return header
}

/** JSON spelling of text; UTF-8 has none for half a surrogate pair, and readers refuse its escape. */
function jsonString(text: string): string {
  if (/\p{Cs}/u.test(text))
    throw new RangeError(`${printable(text)}: half of a surrogate pair cannot be stored`)
  return JSON.stringify(text)
}

function decode(header: Uint8Array, fault: Fault): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header)
  } catch {
    throw fault('the header is not UTF-8 text')
  }
}

function parseHeader(
  text: string,
  fault: Fault,
): { entries: Map<string, Entry>; metadata: Map<string, string> } {
  const entries = new Map<string, Entry>()
  const metadata = new Map<string, string>()
  let current: string | undefined
  const json = new JsonReader(text, (problem) => fault(`the header cannot be read: ${problem}`, current))
  json.object((name) => {
    current = name
    if (name === '__metadata__') json.object((key) => metadata.set(key, json.string()))
    else entries.set(name, parseEntry(json, name, fault))
    if (entries.size > maxTensors)
      throw fault(`more than ${maxTensors} tensors are listed`, '', damaged, 'too_large')
    current = undefined
  })
  json.end()
  return { entries, metadata }
}

function parseEntry(json: JsonReader, name: string, fault: Fault): Entry {
  let dtype: string | undefined
  let shape: number[] | undefined
  let offsets: number[] | undefined
  const integers = () => {
    const list: number[] = []
    json.array(() => list.push(json.unsigned()))
    return list
  }
  json.object((key) => {
    if (key === 'dtype') dtype = json.string()
    else if (key === 'shape') shape = integers()
    else if (key === 'data_offsets') offsets = integers()
    else json.skip()
  })
  if (dtype === undefined || !shape || !offsets)
    throw fault('the header gives no dtype, shape or data_offsets for it', name)
  if (!isDType(dtype))
    throw fault(
      `dtype ${printable(dtype, 20)} is not supported`,
      name,
      'Store it as F32, F16, BF16 or F64.',
      'unsupported',
    )
  const [start, end] = offsets
  if (start === undefined || end === undefined || offsets.length !== 2 || start > end)
    throw fault(`data_offsets [${printable(offsets.join(', '))}] are not a start and an end`, name)
  if (shape.length > maxRank)
    throw fault(`a shape of ${shape.length} axes, at most ${maxRank} are read`, name)
  const bytes = checkedBytes(dtype, shape)
  if (bytes === undefined) throw fault(`shape [${printable(shape.join(', '))}] overflows`, name)
  if (bytes !== end - start)
    throw fault(
      `shape [${printable(shape.join(', '))}] of ${dtype} takes ${bytes} bytes, ${end - start} are given`,
      name,
    )
  return { dtype, shape, start, end }
}

function isDType(text: string): text is DType {
  return Object.hasOwn(bytesPerElement, text)
}

/** Bytes a tensor takes, undefined once a product on the way leaves the exact integers. */
function checkedBytes(dtype: DType, shape: number[]): number | undefined {
  let bytes = bytesPerElement[dtype]
  for (const d of shape) {
    bytes *= d
    if (!Number.isSafeInteger(bytes)) return undefined
  }
  return bytes
}

/** The tensors must tile the data: no hole, no overlap, nothing after the last one. */
function checkLayout(entries: Map<string, Entry>, dataBytes: number, fault: Fault): void {
  const byOffset = [...entries].sort(([, a], [, b]) => a.start - b.start || a.end - b.end)
  let end = 0
  for (const [name, entry] of byOffset) {
    if (entry.start !== end) {
      const what = entry.start < end ? 'overlaps the tensor before it' : 'leaves a hole before it'
      throw fault(`it starts at data byte ${entry.start}, which ${what} (expected ${end})`, name)
    }
    end = entry.end
  }
  if (end > dataBytes)
    throw fault(
      `the tensors take ${end} bytes, the file has ${dataBytes}`,
      '',
      'It looks truncated: download or copy it again.',
      'truncated',
    )
  if (end < dataBytes) throw fault(`${dataBytes - end} bytes follow the last tensor`)
}
