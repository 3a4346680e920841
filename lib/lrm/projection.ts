/**
 * The projection of Low-rank Representation Mimicking (BinaryDM, Eq. 11-13): features are cut down to the
 * teacher's leading principal axes over channels, uncentred. Axes come from a first batch and then stay fixed;
 * teacher and student are projected on the same ones. N positions (B*H*W), C channels, k axes.
 * The released code takes axes over image width instead; this follows the paper.
 */
import { matMul, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core'
import { leadingAxes, secondMoment } from '../math/pca'

/** k of C channels: a quarter (the paper's K = 4), at least one. */
export function rankOf(channels: number): number {
  return Math.max(1, Math.round(channels / 4))
}

/**
 * The rankOf(C) leading axes of a first batch of teacher features [N, C], as [C, k]; null if a feature is not
 * finite. With N < k the last axes are arbitrary: they carry no energy of that batch.
 */
export function fitAxes(features: Float32Array, channels: number): Float32Array | null {
  return leadingAxes(secondMoment(features, channels), channels, rankOf(channels))
}

/** Features (..., C) x axes (C, k) -> (N, k), on the backend. The caller owns the result. */
export function projectFeatures(features: Tensor, axes: Tensor2D): Tensor2D {
  const [channels] = axes.shape
  return tidy(() => matMul(reshape(features, [features.size / channels, channels]) as Tensor2D, axes))
}
