import type { Alignment } from '../record/run'

type Series = (number | null)[]

/** Order of the series in Layer.series. */
const names = ['sqnr', 'cosine', 'lowRankCosine', 'lowRankTeacherEnergy', 'lowRankStudentEnergy'] as const
/** Of those in Layer.local. */
const localNames = ['sqnr', 'cosine', 'stepLeft'] as const

/** An alignment as its columns hold it: series of T values end to end as little-endian float32, null as NaN. */
export type PackedAlignment = {
  /** 5 * T * 4 bytes. */
  series: Uint8Array<ArrayBuffer>
  /** 3 * T * 4 bytes; null where no local error was measured. */
  local: Uint8Array<ArrayBuffer> | null
}

export function packAlignment(alignment: Alignment): PackedAlignment {
  const { local } = alignment
  return {
    series: packed(names.map((name) => alignment[name])),
    local: local ? packed(localNames.map((name) => local[name])) : null,
  }
}

/** What packAlignment packed, each number rounded to float32. */
export function unpackAlignment(
  { series, local }: { series: Uint8Array; local: Uint8Array | null },
  rank: number,
): Alignment {
  return {
    ...unpacked(series, names),
    ...(local && { local: unpacked(local, localNames) }),
    rank,
  }
}

function packed(series: readonly Series[]): Uint8Array<ArrayBuffer> {
  const values = series.flat()
  const packed = new Float32Array(values as number[]) // null as 0
  if (values.includes(null))
    for (const [i, value] of values.entries()) if (value === null) packed[i] = Number.NaN
  return new Uint8Array(packed.buffer)
}

function unpacked<Name extends string>(bytes: Uint8Array, names: readonly Name[]): Record<Name, Series> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = bytes.byteLength / 4 / names.length
  const series = {} as Record<Name, Series>
  for (const [k, name] of names.entries()) {
    const values: Series = []
    for (let i = 0; i < count; i++) {
      const value = view.getFloat32((k * count + i) * 4, true)
      values.push(Number.isNaN(value) ? null : value)
    }
    series[name] = values
  }
  return series
}

/** Mean of what was measured; null if nothing was. */
export function meanOf(series: readonly (number | null)[]): number | null {
  const measured = series.filter((v) => v !== null)
  return measured.length ? measured.reduce((a, b) => a + b, 0) / measured.length : null
}
