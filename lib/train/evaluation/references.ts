/** Pictures of known quality, to tell how a measure reads: real ones, and three kinds that must not look good to it. */
import { matMul, tensor2d, tidy } from '@tensorflow/tfjs-core'
import { toByte } from '../../diffusion/pixels'
import { startingNoise } from '../../diffusion/sample'
import { normal, permutation } from '../../math/rng'
import { InputError } from '../../tensor/error'
import { hostValues } from '../../tensor/on-host'
import { type Images, type Pictures, pick, type Split } from '../data/pictures'

/** n images in an order drawn from the seed: image i is the same for every n. Throws an InputError if there are fewer. */
export function realPictures(images: Images, n: number, seed: number, split: Split): Images {
  if (n <= images.count)
    return pick(images, permutation(seed, split === 'test' ? 0 : 1, images.count).subarray(0, n))
  throw new InputError({
    file: '--images',
    problem: `${n} are asked for, the ${split} split has ${images.count}`,
    remedy: `Give a number up to ${images.count}.`,
  })
}

/** The noise that sampling starts from, as pictures. */
export function noisePictures(shape: Pictures['shape'], n: number, seed: number): Pictures {
  const size = shape[0] * shape[1] * shape[2]
  return { count: n, shape, pixels: Uint8Array.from(startingNoise(seed, n, size), toByte) }
}

/** The same mid-grey picture n times. */
export function constantPictures(shape: Pictures['shape'], n: number): Pictures {
  const pixels = new Uint8Array(n * shape[0] * shape[1] * shape[2]).fill(toByte(0))
  return { count: n, shape, pixels }
}

/** Streams of the seed that no sampling uses: it numbers its steps from 0. */
const gaussianStream = (image: number, chunk: number) => image * 65536 + 32768 + chunk

/**
 * n pictures of the Gaussian with the mean and the covariance of the images' pixels (N images x_i):
 *   mean + sum_i z_i (x_i - mean) / sqrt(N - 1),  z_i standard normal,
 * which has that covariance exactly without its matrix, let alone a root of it. Runs on the tfjs backend that is set and
 * leaves no tensor behind.
 */
export function gaussianPictures({ count: N, shape, pixels }: Images, n: number, seed: number): Pictures {
  const D = shape[0] * shape[1] * shape[2]
  const mean = new Float64Array(D)
  for (let p = 0; p < N * D; p++) mean[p % D]! += pixels[p]! / N
  const sums = new Float32Array(n * D)
  const [chunk, rows] = [1000, 250]
  for (let start = 0; start < N; start += chunk) {
    const images = Math.min(chunk, N - start)
    const centred = Float32Array.from({ length: images * D }, (_, p) => pixels[start * D + p]! - mean[p % D]!)
    tidy(() => {
      const x = tensor2d(centred, [images, D])
      for (let first = 0; first < n; first += rows) {
        const count = Math.min(rows, n - first)
        const z = new Float32Array(count * images)
        for (let i = 0; i < count; i++)
          normal(seed, gaussianStream(first + i, start / chunk), z.subarray(i * images, (i + 1) * images))
        tidy(() => {
          const part = hostValues(matMul(tensor2d(z, [count, images]), x)) // (count, D)
          for (let p = 0; p < part.length; p++) sums[first * D + p]! += part[p]!
        })
      }
    })
  }
  const scale = 1 / Math.sqrt(N - 1)
  const drawn = Uint8Array.from(sums, (v, p) =>
    Math.max(0, Math.min(255, Math.round(mean[p % D]! + scale * v))),
  )
  return { count: n, shape, pixels: drawn }
}
