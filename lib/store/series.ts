import type { Alignment } from '../record/run'

/** Order of the five series in Layer.series. */
const names = ['sqnr', 'cosine', 'lowRankCosine', 'lowRankTeacherEnergy', 'lowRankStudentEnergy'] as const

/** The five series of T values end to end as little-endian float32, null as NaN. (5 * T * 4 bytes) */
export function packAlignment(alignment: Alignment): Uint8Array<ArrayBuffer> {
  const all = names.flatMap((name) => alignment[name])
  const view = new DataView(new ArrayBuffer(all.length * 4))
  all.forEach((value, i) => {
    view.setFloat32(i * 4, value ?? Number.NaN, true)
  })
  return new Uint8Array(view.buffer)
}

/** What packAlignment packed, each number rounded to float32. */
export function unpackAlignment(bytes: Uint8Array, rank: number): Alignment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const count = bytes.byteLength / 4 / names.length
  const series = names.map((_, k) =>
    Array.from({ length: count }, (_, i) => {
      const value = view.getFloat32((k * count + i) * 4, true)
      return Number.isNaN(value) ? null : value
    }),
  )
  const [sqnr, cosine, lowRankCosine, lowRankTeacherEnergy, lowRankStudentEnergy] = series
  return {
    sqnr: sqnr!,
    cosine: cosine!,
    lowRankCosine: lowRankCosine!,
    lowRankTeacherEnergy: lowRankTeacherEnergy!,
    lowRankStudentEnergy: lowRankStudentEnergy!,
    rank,
  }
}

/** Mean of what was measured; null if nothing was. */
export function meanOf(series: readonly (number | null)[]): number | null {
  const measured = series.filter((v) => v !== null)
  return measured.length ? measured.reduce((a, b) => a + b, 0) / measured.length : null
}
