/** How alike two pictures are, on bytes: peak 255, planes of one channel (H,W) row-major. */

const peak = 255

/** What equal pictures get; one byte off by one in 32x32x3 is 83 dB. */
export const psnrCeiling = 100

/** Peak signal-to-noise ratio 10 log10(255^2 / mean squared difference) in dB, at most 100; higher is better. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  let squares = 0
  for (let i = 0; i < a.length; i++) squares += (a[i]! - b[i]!) ** 2
  return Math.min(psnrCeiling, 10 * Math.log10((peak * peak * a.length) / squares))
}

const width = 11
const sigma = 1.5
const c1 = (0.01 * peak) ** 2
const c2 = (0.03 * peak) ** 2

/**
 * Structural similarity (Wang, Bovik, Sheikh & Simoncelli 2004): mean over all 11x11 Gaussian windows (sigma 1.5) that lie
 * inside of (2 ma mb + c1)(2 sab + c2) / ((ma^2 + mb^2 + c1)(sa^2 + sb^2 + c2)). At most 1, for equal planes; higher is
 * better. Throws a RangeError for planes smaller than the window.
 */
export function ssim(a: Uint8Array, b: Uint8Array, h: number, w: number): number {
  if (h < width || w < width)
    throw new RangeError(`SSIM of ${h}x${w} pixels: its window is ${width}x${width}`)
  const of = (value: (i: number) => number) =>
    blur(
      Float64Array.from(a, (_, i) => value(i)),
      h,
      w,
    )
  const meanA = of((i) => a[i]!)
  const meanB = of((i) => b[i]!)
  const squareA = of((i) => a[i]! * a[i]!)
  const squareB = of((i) => b[i]! * b[i]!)
  const product = of((i) => a[i]! * b[i]!)
  let sum = 0
  for (let i = 0; i < meanA.length; i++) {
    const [ma, mb] = [meanA[i]!, meanB[i]!]
    const variances = squareA[i]! - ma * ma + (squareB[i]! - mb * mb)
    const covariance = product[i]! - ma * mb
    sum += ((2 * ma * mb + c1) * (2 * covariance + c2)) / ((ma * ma + mb * mb + c1) * (variances + c2))
  }
  return sum / meanA.length
}

const kernel = gaussianKernel()

function gaussianKernel(): Float64Array {
  const values = Float64Array.from({ length: width }, (_, i) =>
    Math.exp(-((i - (width - 1) / 2) ** 2) / (2 * sigma * sigma)),
  )
  const sum = values.reduce((s, v) => s + v, 0)
  return values.map((v) => v / sum)
}

/** Gaussian mean around every pixel whose window lies inside: (H,W) -> (H-10,W-10). */
function blur(x: Float64Array, h: number, w: number): Float64Array {
  const [h2, w2] = [h - width + 1, w - width + 1]
  const rows = new Float64Array(h * w2)
  for (let i = 0; i < h; i++) {
    for (let j = 0; j < w2; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += kernel[k]! * x[i * w + j + k]!
      rows[i * w2 + j] = sum
    }
  }
  const out = new Float64Array(h2 * w2)
  for (let i = 0; i < h2; i++) {
    for (let j = 0; j < w2; j++) {
      let sum = 0
      for (let k = 0; k < width; k++) sum += kernel[k]! * rows[(i + k) * w2 + j]!
      out[i * w2 + j] = sum
    }
  }
  return out
}
