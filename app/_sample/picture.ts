/** From values of a network to the bytes of a canvas. */
import { pixelShuffle, toByte } from '../../lib/diffusion/pixels'
import type { Theme } from '../_charts/colour'
import { differenceScale } from '../_charts/colour'

/** One image as values in its own layout: plane after plane, H x W. */
export type Picture = { width: number; height: number; channels: number; values: Float32Array }

/** One image (C,H,W) of a network that works on pixels unshuffled by r. */
export function pictureOf(
  values: Float32Array,
  [, c, h, w]: readonly [number, number, number, number],
  r: number,
): Picture {
  const [channels, height, width] = [c / (r * r), h * r, w * r]
  return { width, height, channels, values: pixelShuffle(values, [1, channels, height, width], r) }
}

/** Grey or colour, [-1, 1] to 0..255; of more than three channels the first is shown in grey. */
export function paintPicture({ channels, values }: Picture, rgba: Uint8ClampedArray): void {
  const plane = rgba.length / 4
  for (let p = 0; p < plane; p++) {
    for (let c = 0; c < 3; c++) rgba[4 * p + c] = toByte(values[(channels === 3 ? c * plane : 0) + p]!)
    rgba[4 * p + 3] = 255
  }
}

/** Largest difference with a colour of its own; pixel values run from -1 to 1. */
export const differenceLimit = 1

/** Signed difference of pixel values; brighter than the teacher is orange, darker is blue. */
export const pictureDifference = differenceScale(
  differenceLimit,
  { label: 'darker', direction: 'brighter', openEnded: true },
  false,
)

const levels = 255
const tables = new Map<Theme, Uint8ClampedArray>()

/** RGB of 255 differences from -limit to +limit. */
function coloursOf(theme: Theme): Uint8ClampedArray {
  const known = tables.get(theme)
  if (known) return known
  const table = new Uint8ClampedArray(levels * 3)
  for (let k = 0; k < levels; k++) {
    const colour = pictureDifference.at(differenceLimit * ((2 * k) / (levels - 1) - 1), theme)
    const [r, g, b] = colour.match(/\d+/g)!.map(Number)
    table.set([r!, g!, b!], k * 3)
  }
  tables.set(theme, table)
  return table
}

/** student - teacher, mean over channels. NaN takes no colour: the pixel stays transparent. */
export function paintDifference(
  teacher: Picture,
  student: Picture,
  theme: Theme,
  rgba: Uint8ClampedArray,
): void {
  const colours = coloursOf(theme)
  const plane = rgba.length / 4
  const channels = teacher.channels === 3 ? 3 : 1
  for (let p = 0; p < plane; p++) {
    let sum = 0
    for (let c = 0; c < channels; c++) {
      sum += clampPixel(student.values[c * plane + p]!) - clampPixel(teacher.values[c * plane + p]!)
    }
    const share = Math.min(1, Math.max(-1, sum / channels / differenceLimit))
    const k = Math.round(((share + 1) / 2) * (levels - 1)) * 3
    rgba[4 * p] = colours[k] ?? 0
    rgba[4 * p + 1] = colours[k + 1] ?? 0
    rgba[4 * p + 2] = colours[k + 2] ?? 0
    rgba[4 * p + 3] = Number.isNaN(share) ? 0 : 255
  }
}

/** What a picture can show: values outside [-1, 1] are as black or white as its ends. */
const clampPixel = (v: number): number => Math.max(-1, Math.min(1, v))
