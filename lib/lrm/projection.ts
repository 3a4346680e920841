/**
 * The projection of Low-rank Representation Mimicking (BinaryDM, Eq. 11-13): features are cut down to the
 * teacher's leading principal axes over channels, uncentred. Axes come from a first batch and then stay fixed;
 * teacher and student are projected on the same ones. N positions (B*H*W), C channels, k axes.
 * The released code takes centred axes over image width instead (and finds them by a randomized method; here they are
 * exact): axis 'width'.
 */
import {
  matMul,
  reshape,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core'
import { centred, leadingAxes, secondMoment } from '../math/pca'

/** What the principal axes are taken over: 'channels' (paper) or image 'width' (released code). */
export const lowRankAxes = ['channels', 'width'] as const
export type LowRankAxis = (typeof lowRankAxes)[number]

/** k of C channels: C over the divisor (the paper's K = 4), at least one. */
export function rankOf(channels: number, divisor = 4): number {
  return Math.max(1, Math.round(channels / divisor))
}

/** The released code's k of image width W: floor(W / divisor), 2 where that is at most 2. */
export function widthRankOf(width: number, divisor = 4): number {
  return Math.min(width, Math.max(2, Math.floor(width / divisor)))
}

/**
 * The rankOf(C) leading axes of a first batch of teacher features [N, C], as [C, k]; null if a feature is not
 * finite. With N < k the last axes are arbitrary: they carry no energy of that batch.
 */
export function fitAxes(features: Float32Array, channels: number, divisor = 4): Float32Array | null {
  return leadingAxes(secondMoment(features, channels), channels, rankOf(channels, divisor))
}

/** As fitAxes for rows of image width [N, W], centred: [W, k]. */
export function fitWidthAxes(rows: Float32Array, width: number, divisor = 4): Float32Array | null {
  return leadingAxes(secondMoment(centred(rows, width), width), width, widthRankOf(width, divisor))
}

/** Rows of features along `axis` x axes [C or W, k] -> (rows, k), on the backend. The caller owns the result. */
export function projectFeatures(features: Tensor, axes: Tensor2D, axis: LowRankAxis = 'channels'): Tensor2D {
  return tidy(() => matMul(asRows(features, axis), axes))
}

/** (B,H,W,C) -> rows [B*H*W, C] or, along width, [B*H*C, W]. */
export function asRows(features: Tensor, axis: LowRankAxis): Tensor2D {
  const flat = axis === 'channels' ? features : transpose(features as Tensor4D, [0, 1, 3, 2])
  const width = flat.shape[flat.rank - 1]!
  return reshape(flat, [flat.size / width, width])
}

/** The way back from rows to features of `shape`. */
export function fromRows(rows: Tensor, shape: readonly number[], axis: LowRankAxis): Tensor {
  if (axis === 'channels') return reshape(rows, [...shape])
  const [b, h, w, c] = shape as [number, number, number, number]
  return transpose(reshape(rows, [b, h, c, w]), [0, 1, 3, 2])
}
