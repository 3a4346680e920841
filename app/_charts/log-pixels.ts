import { type ScaleLogarithmic, scaleLog } from 'd3'

/**
 * A log scale whose pixels are rounded to hundredths: logarithms differ in their last bits between Node and a browser, and
 * what the server drew must be what the browser draws.
 */
export function logPixels(domain: readonly [number, number]): ScaleLogarithmic<number, number> {
  const rounded = (a: number, b: number) => (share: number) => Math.round((a + (b - a) * share) * 100) / 100
  return scaleLog(domain, [0, 1]).interpolate(rounded as never)
}
