/** Steps between neighbours along each axis of a row-major array, in elements. */
export function rowMajorStrides(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length)
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]!
  }
  return strides
}

/** Whether an array of that shape and those strides is row-major without gaps. Axes of length 1 do not count. */
export function isRowMajor(shape: readonly number[], strides: readonly number[]): boolean {
  const expected = rowMajorStrides(shape)
  return shape.includes(0) || shape.every((d, axis) => d === 1 || strides[axis] === expected[axis])
}

/** Elements from the first to the last that the view reaches, both included; 0 for an empty view. */
export function spanOf(shape: readonly number[], strides: readonly number[]): number {
  if (shape.includes(0)) return 0
  return shape.reduce((last, d, axis) => last + (d - 1) * strides[axis]!, 0) + 1
}

/** Row-major copy of the view of `data` that has this shape and these non-negative strides (in elements). */
export function gather(
  data: Float32Array,
  shape: readonly number[],
  strides: readonly number[],
): Float32Array {
  const out = new Float32Array(shape.reduce((n, d) => n * d, 1))
  if (out.length === 0) return out
  const index = new Array<number>(shape.length).fill(0)
  let from = 0
  for (let i = 0; i < out.length; i++) {
    out[i] = data[from]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!
      index[axis]!++
      if (index[axis]! < shape[axis]!) break
      from -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}
