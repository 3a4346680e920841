/**
 * NumPy .npy files, format versions 1 to 3 (numpy/lib/format.py): magic, version, header length, a Python dict literal
 * {'descr', 'fortran_order', 'shape'}, the elements. The header is matched, never evaluated.
 */
import { type Fault, faultsOf, printable } from './error'
import { fromFloat32, swapBytes, toFloat32 } from './float'
import { gather } from './strided'
import {
  type ByteSource,
  bytesPerElement,
  type DType,
  maxRank,
  sizeOf,
  type Tensor,
  type TensorFile,
} from './tensor'

const descrs: [string, DType][] = [
  ['f8', 'F64'],
  ['f4', 'F32'],
  ['f2', 'F16'],
  ['i8', 'I64'],
  ['i4', 'I32'],
  ['i2', 'I16'],
  ['i1', 'I8'],
  ['u1', 'U8'],
  ['b1', 'BOOL'],
]
const maxHeaderBytes = 65_536
const damagedRemedy = 'It looks damaged: save it again with numpy.save.'
const typeRemedy = 'Save it as numbers: numpy.save(file, array.astype("float32")).'

type Header = { dtype: DType; bigEndian: boolean; fortran: boolean; shape: number[] }

/**
 * Opens a .npy file as a file of one tensor, named like the file without its extension. Big-endian and Fortran-ordered
 * arrays are read right; objects, records, text and unsigned types wider than a byte are refused with an InputError.
 */
export async function openNpy(source: ByteSource): Promise<TensorFile> {
  const fault = faultsOf(source.name, damagedRemedy)
  const { text, dataStart } = await readHeader(source, fault)
  const header = parseHeader(text, fault)
  const { dtype, shape } = header
  const size = sizeOf(shape) * bytesPerElement[dtype]
  const present = source.size - dataStart
  if (!Number.isSafeInteger(size) || size !== present)
    throw fault(
      `shape (${printable(shape.join(', '))}) of ${dtype} takes ${size} bytes, ${present} follow the header`,
      '',
      damagedRemedy,
      size > present ? 'truncated' : 'damaged',
    )
  const name = stemOf(source.name)
  return {
    name: source.name,
    container: 'npy',
    tensors: new Map([[name, { dtype, shape }]]),
    metadata: new Map(),
    values: new Map(),
    async read(wanted) {
      if (wanted !== name)
        throw fault(
          `it has no tensor "${printable(wanted)}"`,
          '',
          `Its only tensor is "${name}".`,
          'missing_tensor',
        )
      return { shape, data: elements(await source.read(dataStart, source.size), header) }
    },
  }
}

/** The bytes of a version 1 .npy file, row-major. Throws a RangeError for BF16, which NumPy does not have. */
export function writeNpy(tensor: Tensor, dtype: DType = 'F32'): Uint8Array {
  const descr = descrs.find(([, d]) => d === dtype)?.[0]
  if (!descr) throw new RangeError(`${dtype} has no NumPy type`)
  if (sizeOf(tensor.shape) !== tensor.data.length)
    throw new RangeError(`shape [${tensor.shape}] does not hold ${tensor.data.length} values`)
  const order = bytesPerElement[dtype] === 1 ? '|' : '<'
  const shape = tensor.shape.length === 1 ? `${tensor.shape},` : tensor.shape.join(', ')
  const dict = `{'descr': '${order}${descr}', 'fortran_order': False, 'shape': (${shape}), }`
  const dataStart = Math.ceil((10 + dict.length + 1) / 64) * 64
  const data = fromFloat32(dtype, tensor.data)
  const out = new Uint8Array(dataStart + data.length)
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0])
  new DataView(out.buffer).setUint16(8, dataStart - 10, true)
  out.set(new TextEncoder().encode(`${dict.padEnd(dataStart - 11)}\n`), 10)
  out.set(data, dataStart)
  return out
}

async function readHeader(source: ByteSource, fault: Fault): Promise<{ text: string; dataStart: number }> {
  if (source.size < 12) throw fault(`${source.size} bytes are too few for a .npy header`)
  const start = await source.read(0, 12)
  const view = new DataView(start.buffer, start.byteOffset, 12)
  const version = start[6]!
  if (version < 1 || version > 3) throw fault(`.npy format version ${version} is unknown`)
  const headerStart = version === 1 ? 10 : 12
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true)
  if (length > maxHeaderBytes) throw fault(`the header claims ${length} bytes, more than ${maxHeaderBytes}`)
  const dataStart = headerStart + length
  if (dataStart > source.size) throw fault(`the header claims ${length} bytes, the file has ${source.size}`)
  const header = await source.read(headerStart, dataStart)
  // By hand: browsers read "latin1" as windows-1252, Node 20 does not.
  const latin1 = () => Array.from(header, (byte) => String.fromCharCode(byte)).join('')
  const text = version === 3 ? new TextDecoder().decode(header) : latin1()
  return { text, dataStart }
}

/** Takes the three keys in any order, each once, and nothing else. */
function parseHeader(text: string, fault: Fault): Header {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1]
  const descr = /'descr'\s*:\s*('[^']*'|\[)/.exec(text)?.[1]
  if (body === undefined || descr === undefined) throw fault('the header is not a .npy header')
  if (descr === '[') throw fault('it is an array of records', '', typeRemedy, 'unsupported')
  const pattern = /^\s*'(descr|fortran_order|shape)'\s*:\s*('[^']*'|True|False|\([0-9,\s]*\))\s*(,|$)/
  const fields = new Map<string, string>()
  let rest = body
  while (rest.trim() !== '') {
    const [all, key, value] = pattern.exec(rest) ?? []
    if (all === undefined || key === undefined || value === undefined || fields.has(key))
      throw fault('the header is not a .npy header')
    fields.set(key, value)
    rest = rest.slice(all.length)
  }
  const order = fields.get('fortran_order')
  const shape = fields.get('shape')?.match(/^\((.*)\)$/s)?.[1]
  if (fields.size !== 3 || (order !== 'True' && order !== 'False') || shape === undefined)
    throw fault('the header is not a .npy header')
  return {
    ...parseDescr(descr.slice(1, -1), fault),
    fortran: order === 'True',
    shape: parseShape(shape, fault),
  }
}

function parseDescr(descr: string, fault: Fault): { dtype: DType; bigEndian: boolean } {
  const dtype = descrs.find(([name]) => name === descr.slice(1))?.[1]
  if (!dtype || !'<>|='.includes(descr.charAt(0))) {
    const what = descr.endsWith('O') ? 'Python objects' : `type ${printable(descr, 20)}`
    throw fault(`it is an array of ${what}, which is not read`, '', typeRemedy, 'unsupported')
  }
  return { dtype, bigEndian: descr.startsWith('>') }
}

function parseShape(text: string, fault: Fault): number[] {
  const parts = text.split(',').map((part) => part.trim())
  if (parts.at(-1) === '') parts.pop()
  const shape = parts.map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN))
  if (shape.length > maxRank || !shape.every(Number.isSafeInteger))
    throw fault(`shape (${printable(text)}) is damaged`)
  return shape
}

function elements(bytes: Uint8Array, { dtype, bigEndian, fortran, shape }: Header): Float32Array {
  const data = toFloat32(dtype, bigEndian ? swapBytes(bytes, bytesPerElement[dtype]) : bytes)
  if (!fortran || shape.length < 2) return data
  let step = 1
  const strides = shape.map((d) => {
    const stride = step
    step *= d
    return stride
  })
  return gather(data, shape, strides)
}

/** 'dir/x_T.npy' -> 'x_T'. */
function stemOf(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
  return base.replace(/\.npy$/i, '')
}
