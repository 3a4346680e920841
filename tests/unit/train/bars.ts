/** Labelled images a classifier learns in seconds: grey bars of random place, across (class 0) or upright (class 1). */
import { integers } from '../../../lib/math/rng'
import type { Images } from '../../../lib/train/data/pictures'

/** side x side pixels. */
export function bars(count: number, seed: number, side = 16): Images {
  const size = side * side
  const draws = (stream: number, below: number, n: number) => integers(seed, stream, below, new Int32Array(n))
  const [places, widths, labels] = [draws(0, side - 5, count), draws(1, 3, count), draws(2, 2, count)]
  const speckle = draws(3, 40, count * size)
  const pixels = new Uint8Array(count * size)
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < side; i++) {
      for (let j = 0; j < side; j++) {
        const across = (labels[n] === 0 ? i : j) - places[n]!
        const inside = across >= 0 && across < 3 + widths[n]!
        const p = n * size + i * side + j
        pixels[p] = (inside ? 200 : 10) + speckle[p]!
      }
    }
  }
  return { count, shape: [1, side, side], pixels, labels: Uint8Array.from(labels) }
}
