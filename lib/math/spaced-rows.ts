/** Fewer rows of many, where a measure costs more than one pass over them. */

/** n rows of [N, C], spread evenly. */
export function spacedRows(x: Float32Array, C: number, n: number): Float32Array {
  const N = x.length / C
  const rows = new Float32Array(n * C)
  for (let i = 0; i < n; i++) {
    const from = Math.floor((i * N) / n) * C
    for (let c = 0; c < C; c++) rows[i * C + c] = x[from + c]!
  }
  return rows
}
