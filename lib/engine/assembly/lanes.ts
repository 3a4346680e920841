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
 * e^x of four floats to about one unit in the last place, for x clamped to [-87, 88] (beyond it float32 ends).
 * 2^n times a polynomial in the rest r = x - n*ln 2, |r| <= ln 2 / 2 (coefficients of Cephes' expf).
 */
// @ts-ignore: decorator
@inline
export function exponential(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.splat(-87.0), f32x4.pmin(f32x4.splat(88.0), x))
  // adding 1.5 * 2^23 rounds to an integer, which then stands in the low bits
  const shifted = f32x4.add(f32x4.mul(clamped, f32x4.splat(1.4426950408889634)), f32x4.splat(12582912.0))
  const n = f32x4.sub(shifted, f32x4.splat(12582912.0))
  // ln 2 in two parts, the first short enough for an exact product
  let r = f32x4.sub(clamped, f32x4.mul(n, f32x4.splat(0.693359375)))
  r = f32x4.add(r, f32x4.mul(n, f32x4.splat(2.12194440e-4)))
  let p = f32x4.splat(1.9875691500e-4)
  p = multiplyAdd(p, r, f32x4.splat(1.3981999507e-3))
  p = multiplyAdd(p, r, f32x4.splat(8.3334519073e-3))
  p = multiplyAdd(p, r, f32x4.splat(4.1665795894e-2))
  p = multiplyAdd(p, r, f32x4.splat(1.6666665459e-1))
  p = multiplyAdd(p, r, f32x4.splat(5.0000001201e-1))
  p = multiplyAdd(p, f32x4.mul(r, r), f32x4.add(r, f32x4.splat(1.0)))
  const power = i32x4.shl(i32x4.add(shifted, i32x4.splat(127 - 0x4b400000)), 23)
  return f32x4.mul(p, power)
}

/** x * sigmoid(x). */
// @ts-ignore: decorator
@inline
export function silu(x: v128): v128 {
  return f32x4.div(x, f32x4.add(f32x4.splat(1.0), exponential(f32x4.neg(x))))
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
