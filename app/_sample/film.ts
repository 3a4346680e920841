/** Where the pictures of a film strip stand on the t axis: noise (tMax) left, image (0) right. */
import { nearestIndex } from '../_charts/series'

export type Frame = {
  /** Left edge, px. */
  x: number
  /** Index into the timesteps. */
  index: number
}

/**
 * Frames of `size` px on an axis of `width` px, `gap` px apart at least. Fewer timesteps than places: each stands at
 * its own t, pushed apart where they would cover each other. More: evenly spaced places, each with the nearest timestep.
 */
export function filmFrames(
  timesteps: readonly number[],
  width: number,
  size: number,
  gap: number,
  tMax = 1000,
): Frame[] {
  const places = Math.max(1, Math.floor((width + gap) / (size + gap)))
  const n = timesteps.length
  if (n === 0) return []
  if (places === 1) return [{ x: width - size, index: n - 1 }]
  if (n <= places) return ownPlaces(timesteps, width, size, gap, tMax)
  const stride = (width - size) / (places - 1)
  return Array.from({ length: places }, (_, place) => {
    const x = place * stride
    // The last picture is the last step whatever its t, so that the strip ends with what the network drew.
    const t = (1 - (x + size / 2) / width) * tMax
    return { x, index: place === places - 1 ? n - 1 : nearestIndex(timesteps, t) }
  })
}

function ownPlaces(
  timesteps: readonly number[],
  width: number,
  size: number,
  gap: number,
  tMax: number,
): Frame[] {
  const frames = timesteps.map((t, index) => ({ x: (1 - t / tMax) * width - size / 2, index }))
  let least = 0
  for (const frame of frames) {
    frame.x = Math.max(frame.x, least)
    least = frame.x + size + gap
  }
  let most = width - size
  for (const frame of frames.toReversed()) {
    frame.x = Math.min(frame.x, most)
    most = frame.x - size - gap
  }
  return frames
}

/** The step whose t is nearest to a point of the axis. */
export function stepAt(x: number, timesteps: readonly number[], width: number, tMax = 1000): number {
  return nearestIndex(timesteps, (1 - x / width) * tMax)
}
