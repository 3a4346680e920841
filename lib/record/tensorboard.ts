/**
 * TensorBoard's event files: scalars, histograms and PNG images, as they were written by SummaryWriter of PyTorch
 * (simple_value, histo, image) or of TensorFlow 2 (tensors). Field numbers are those of tensorflow's event.proto,
 * summary.proto and tensor.proto. What else an event holds (graphs, text, hyper-parameters) is passed over.
 */
import { InputError } from '../tensor/error'
import type { ByteSource } from '../tensor/tensor'
import { doublesOf, type Field, fieldsOf, floatsOf, textOf } from './protobuf'
import type { Histogram } from './run'
import { tfRecords } from './tf-record'

/** One logged value of a tag at a step. */
export type Logged =
  | { kind: 'scalar'; tag: string; step: number; value: number }
  | {
      kind: 'histogram'
      tag: string
      step: number
      histogram: Histogram
      moments: { mean: number; std: number } | null
    }
  | { kind: 'image'; tag: string; step: number; png: Uint8Array }

/** Bins a histogram is brought to: TensorBoard's own have buckets of growing width. */
const bins = 64

/** Everything logged in an event file, in order. Throws an InputError naming the file for damaged ones. */
export async function* readEvents(source: ByteSource): AsyncGenerator<Logged> {
  for await (const record of tfRecords(source)) {
    let logged: Logged[]
    try {
      logged = loggedIn(record)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      throw new InputError({
        file: source.name,
        item: 'event',
        problem: error.message,
        remedy: 'Give an event file as its writer left it.',
      })
    }
    yield* logged
  }
}

/** Event: 2 step, 5 summary. */
function loggedIn(event: Uint8Array): Logged[] {
  let step = 0
  const values: Uint8Array[] = []
  for (const { number, varint, bytes } of fieldsOf(event)) {
    if (number === 2 && varint !== null) step = Number(BigInt.asIntN(64, varint))
    // Summary: 1 value, repeated
    if (number === 5) for (const value of fieldsOf(bytes)) if (value.number === 1) values.push(value.bytes)
  }
  return values.flatMap((value) => loggedValue(value, step))
}

/** Summary.Value: 1 tag, 2 simple_value, 4 image, 5 histo, 8 tensor, 9 metadata. */
function loggedValue(value: Uint8Array, step: number): Logged[] {
  let tag = ''
  let plugin = ''
  let found: Field | null = null
  for (const field of fieldsOf(value)) {
    if (field.number === 1) tag = textOf(field.bytes)
    else if (field.number === 9) plugin = pluginOf(field.bytes)
    else if ([2, 4, 5, 8].includes(field.number)) found = field
  }
  if (!found || tag === '') return []
  const { number, bytes } = found
  if (number === 2) return scalar(tag, step, floatsOf(bytes)[0])
  if (number === 4) return image(tag, step, bytes)
  if (number === 5) return histogram(tag, step, bytes)
  return tensor(tag, step, plugin, bytes)
}

/** SummaryMetadata: 1 plugin_data { 1 plugin_name }. */
function pluginOf(metadata: Uint8Array): string {
  for (const data of fieldsOf(metadata))
    if (data.number === 1)
      for (const name of fieldsOf(data.bytes)) if (name.number === 1) return textOf(name.bytes)
  return ''
}

/** A value that is not finite has no place in a chart, nor in the store. */
function scalar(tag: string, step: number, value: number | undefined): Logged[] {
  return value !== undefined && Number.isFinite(value) ? [{ kind: 'scalar', tag, step, value }] : []
}

/** Summary.Image: 4 encoded_image_string. */
function image(tag: string, step: number, message: Uint8Array): Logged[] {
  for (const { number, bytes } of fieldsOf(message))
    if (number === 4) return [{ kind: 'image', tag, step, png: bytes }]
  return []
}

/** HistogramProto: 3 num, 4 sum, 5 sum_squares, 6 bucket_limit, 7 bucket; the first bucket begins at 1 min. */
function histogram(tag: string, step: number, message: Uint8Array): Logged[] {
  const numbers = new Map<number, number[]>()
  for (const { number, bytes } of fieldsOf(message)) {
    const list = numbers.get(number) ?? []
    for (const value of doublesOf(bytes)) list.push(value)
    numbers.set(number, list)
  }
  const one = (number: number) => numbers.get(number)?.[0] ?? 0
  const [least, most, num, sum, squares] = [one(1), one(2), one(3), one(4), one(5)]
  const counts = numbers.get(7) ?? []
  // The outermost buckets reach to the largest double there is; values lie between least and most.
  const edges = [least, ...(numbers.get(6) ?? []).map((limit) => Math.min(most, Math.max(least, limit)))]
  const shown = equalBins(edges, counts)
  if (!shown) return []
  const mean = sum / num
  const variance = squares / num - mean ** 2
  const moments =
    num > 0 && Number.isFinite(variance) ? { mean, std: Math.sqrt(Math.max(0, variance)) } : null
  return [{ kind: 'histogram', tag, step, histogram: shown, moments }]
}

/** TensorProto: 1 dtype, 4 tensor_content, 5 float_val, 6 double_val, 8 string_val. */
function tensor(tag: string, step: number, plugin: string, message: Uint8Array): Logged[] {
  let dtype = 0
  let content = new Uint8Array(0)
  const numbers: number[] = []
  const texts: Uint8Array[] = []
  for (const { number, varint, bytes } of fieldsOf(message)) {
    if (number === 1) dtype = Number(varint ?? 0n)
    else if (number === 4) content = new Uint8Array(bytes)
    else if (number === 5) for (const value of floatsOf(bytes)) numbers.push(value)
    else if (number === 6) for (const value of doublesOf(bytes)) numbers.push(value)
    else if (number === 8) texts.push(bytes)
  }
  // An image is its width, its height and PNGs, as texts.
  if (plugin === 'images') return texts.slice(2).map((png) => ({ kind: 'image', tag, step, png }))
  const values =
    numbers.length > 0 ? numbers : dtype === 1 ? floatsOf(content) : dtype === 2 ? doublesOf(content) : []
  if (plugin === 'scalars' || (plugin === '' && values.length === 1)) return scalar(tag, step, values[0])
  if (plugin !== 'histograms' || values.length < 3) return []
  // Rows of left edge, right edge, count.
  const rows = Array.from({ length: Math.floor(values.length / 3) }, (_, i) => values.slice(3 * i, 3 * i + 3))
  const shown = equalBins(
    [rows[0]![0]!, ...rows.map((row) => row[1]!)],
    rows.map((row) => row[2]!),
  )
  return shown ? [{ kind: 'histogram', tag, step, histogram: shown, moments: null }] : []
}

/**
 * Counts of buckets between ascending edges as counts of equal bins; a bucket is spread evenly over its width, one without
 * a width goes where it lies. null for edges that are not finite or descend, and where nothing was counted.
 */
export function equalBins(edges: readonly number[], counts: readonly number[]): Histogram | null {
  const buckets = Math.min(counts.length, edges.length - 1)
  const [lo, hi] = [edges[0] ?? Number.NaN, edges[buckets] ?? Number.NaN]
  if (buckets < 1 || !Number.isFinite(hi - lo)) return null
  const shown = new Array<number>(bins).fill(0)
  const place = (x: number) => (hi > lo ? ((x - lo) / (hi - lo)) * bins : 0)
  for (let i = 0; i < buckets; i++) {
    const [from, to, count] = [place(edges[i]!), place(edges[i + 1]!), counts[i]!]
    if (!(to >= from) || !(count >= 0) || !Number.isFinite(count)) return null
    if (count === 0) continue
    const [first, last] = [Math.min(bins - 1, Math.floor(from)), Math.min(bins - 1, Math.floor(to))]
    for (let bin = first; bin <= last; bin++) {
      const overlap = Math.min(to, bin + 1) - Math.max(from, bin)
      shown[bin]! += to > from ? (count * Math.max(0, overlap)) / (to - from) : bin === last ? count : 0
    }
  }
  return shown.some((count) => count > 0) ? { lo, hi, counts: shown } : null
}
