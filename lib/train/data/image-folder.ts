/** A folder of pictures as an image set. */
import { readdirSync } from 'node:fs'
import { extname, join } from 'node:path'
import sharp from 'sharp'
import { InputError } from '../../tensor/error'
import type { Images, Split } from './pictures'

const extensions = ['.png', '.jpg', '.jpeg', '.webp']

/** Of ten pictures in name order the last is held out. */
const heldOutEvery = 10

/** Labels are bytes. */
const mostClasses = 256

type Picture = { file: string; label: number }

/**
 * Every PNG, JPEG and WebP below `path` in name order, the centre square resized to size x size, what is transparent on
 * black. One channel if every file stores grey, else RGB. The label is the index of the folder directly below `path`
 * among those that hold pictures, 0 without. Throws an InputError naming the file that cannot be read, or the folder if
 * the split is empty.
 */
export async function loadFolder(path: string, size: number, split: Split): Promise<Images> {
  const pictures = labelled(path)
  const chosen = pictures.filter((_, i) => (i % heldOutEvery === heldOutEvery - 1) === (split === 'test'))
  if (chosen.length === 0) {
    throw new InputError({
      file: path,
      problem: `it holds ${pictures.length} PNG, JPEG or WebP images, none for the ${split} split (every tenth is held out)`,
      remedy: 'Give a folder with more images.',
    })
  }
  const grey = await allGrey(pictures)
  const values = (grey ? 1 : 3) * size * size
  const pixels = new Uint8Array(chosen.length * values)
  for (const [i, { file }] of chosen.entries()) pixels.set(await readPicture(file, size, grey), i * values)
  return {
    count: chosen.length,
    shape: [grey ? 1 : 3, size, size],
    pixels,
    labels: Uint8Array.from(chosen, ({ label }) => label),
  }
}

function labelled(path: string): Picture[] {
  const entries = listing(path)
  const own = entries
    .filter((entry) => !entry.isDirectory())
    .flatMap(({ name }) => pictureAt(join(path, name)))
  const folders = entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => picturesBelow(join(path, name)))
    .filter((files) => files.length > 0)
  if (folders.length > mostClasses) {
    throw new InputError({
      file: path,
      problem: `pictures lie in ${folders.length} folders below it; at most ${mostClasses} classes are told apart`,
      remedy: 'Put the images of one class into one folder.',
    })
  }
  const pictures = folders.flatMap((files, label) => files.map((file) => ({ file, label })))
  return [...own.map((file) => ({ file, label: 0 })), ...pictures].sort((a, b) => (a.file < b.file ? -1 : 1))
}

function picturesBelow(folder: string): string[] {
  return listing(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    return entry.isDirectory() ? picturesBelow(path) : pictureAt(path)
  })
}

function pictureAt(path: string): string[] {
  return extensions.includes(extname(path).toLowerCase()) ? [path] : []
}

/** What a folder holds, in name order, without hidden files. */
function listing(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith('.'))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    throw new InputError({
      file: folder,
      problem: `the folder cannot be read (${(error as NodeJS.ErrnoException).code})`,
      remedy: 'Give the path of a folder with images.',
    })
  }
}

/** Whether every header says grey. */
async function allGrey(pictures: Picture[]): Promise<boolean> {
  for (const { file } of pictures) {
    const { channels } = await decoded(file, () => sharp(file).metadata())
    if (channels > 2) return false
  }
  return true
}

/** One picture as bytes (C,size,size). */
async function readPicture(file: string, size: number, grey: boolean): Promise<Uint8Array> {
  const { data, info } = await decoded(file, () =>
    sharp(file)
      .autoOrient()
      .flatten()
      .resize(size, size, { fit: 'cover', position: 'centre' })
      .toColourspace(grey ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true }),
  )
  const [plane, c] = [size * size, info.channels]
  const pixels = new Uint8Array(data.length)
  for (let p = 0; p < plane; p++) for (let i = 0; i < c; i++) pixels[i * plane + p] = data[p * c + i]!
  return pixels
}

async function decoded<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    throw new InputError({
      file,
      problem: `it cannot be read as an image (${(error as Error).message.split('\n')[0]})`,
      remedy: 'Replace the file or take it out of the folder.',
    })
  }
}
