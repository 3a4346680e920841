/**
 * What the kernels ask of a vector of 16 bytes. A build with relaxed SIMD has one instruction where strict SIMD takes
 * two; both give the same integers, and floats that differ in the last bit (a fused product and sum rounds once).
 */

/** Entries of a 16-byte table by index; 0 for indices from 128. Between 16 and 127 the builds may differ: none are made. */
// @ts-ignore: decorator
@inline
export function lookUp(table: v128, index: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, index)
  return i8x16.swizzle(table, index)
}

/** a * b + c. */
// @ts-ignore: decorator
@inline
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/**
 * What `exponential` computes with, four times each, in memory: engines make a constant vector anew wherever it is used. In order: both
 * ends, 1/ln 2, 1.5 * 2^23, ln 2 in two parts, the polynomial, 1.
 */
const parameters = memory.data<f32>([
  88, 88, 88, 88, -87, -87, -87, -87,
  1.44269504, 1.44269504, 1.44269504, 1.44269504, 12582912, 12582912, 12582912, 12582912,
  0.693359375, 0.693359375, 0.693359375, 0.693359375,
  -0.000212194440, -0.000212194440, -0.000212194440, -0.000212194440,
  0.00019875691500, 0.00019875691500, 0.00019875691500, 0.00019875691500,
  0.0013981999507, 0.0013981999507, 0.0013981999507, 0.0013981999507,
  0.0083334519073, 0.0083334519073, 0.0083334519073, 0.0083334519073,
  0.041665795894, 0.041665795894, 0.041665795894, 0.041665795894,
  0.16666665459, 0.16666665459, 0.16666665459, 0.16666665459,
  0.50000001201, 0.50000001201, 0.50000001201, 0.50000001201,
  1, 1, 1, 1,
])

/** 127 - the bits of 1.5 * 2^23, four times: from a rounded exponent to the bits of a power of two. */
const exponent = memory.data<i32>([-1262485377, -1262485377, -1262485377, -1262485377])

// @ts-ignore: decorator
@inline
function parameter(i: usize): v128 {
  return v128.load(parameters + (i << 4))
}

/**
 * e^x of four floats to about one unit in the last place, for x clamped to [-87, 88] (beyond it float32 ends).
 * 2^n times a polynomial in the rest r = x - n*ln 2, |r| <= ln 2 / 2 (coefficients of Cephes' expf).
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const clamped = f32x4.pmax(parameter(1), f32x4.pmin(parameter(0), x))
  // adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits
  const shifted = f32x4.add(f32x4.mul(clamped, parameter(2)), parameter(3))
  const n = f32x4.sub(shifted, parameter(3))
  // the first part of ln 2 is short enough for an exact product
  const r = f32x4.sub(f32x4.sub(clamped, f32x4.mul(n, parameter(4))), f32x4.mul(n, parameter(5)))
  let p = parameter(6)
  p = multiplyAdd(p, r, parameter(7))
  p = multiplyAdd(p, r, parameter(8))
  p = multiplyAdd(p, r, parameter(9))
  p = multiplyAdd(p, r, parameter(10))
  p = multiplyAdd(p, r, parameter(11))
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.add(r, parameter(12)))
  return f32x4.mul(p, i32x4.shl(i32x4.add(shifted, v128.load(exponent)), 23))
}

/** x * sigmoid(x). */
// @ts-ignore: decorator
@inline
export function silu(x: v128): v128 {
  return f32x4.div(x, f32x4.add(parameter(12), exponential(f32x4.neg(x))))
}

/** Sum of the four floats. */
// @ts-ignore: decorator
@inline
export function sumOf(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) +
    f32x4.extract_lane(x, 1) +
    (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  )
}
