/**
 * Evolvable-Basis Binarizer (BinaryDM, sections 3.2 and 3.4). In stage 1 a layer computes as LMB with two bases while a
 * penalty draws sigma2 to zero; at the transition the second basis is dropped, and stage 2 computes as sign with one.
 */
import type { LayerPrecision, Manifest } from '../record/precision'

/** Weight of the penalty, the best of the paper's ablation. */
export const ebbTau = 9e-2

/**
 * BinaryDM Eq. 9: tau * 1/N * sum of sigma2 over the N layers with two bases, with its gradient by every sigma2, [O] per
 * layer. The paper writes one sigma2 per layer; here it has one per output channel, and their mean stands for
 * it, so that tau weighs a wide layer as a narrow one. No |.|: a sigma2 below zero would be rewarded, so keep scales positive.
 */
export function ebbPenalty(
  sigma2s: readonly Float32Array[],
  tau: number = ebbTau,
): { loss: number; gradients: Float32Array[] } {
  const N = sigma2s.length
  let loss = 0
  const gradients = sigma2s.map((sigma2) => {
    const share = tau / (N * sigma2.length)
    for (const scale of sigma2) loss += share * scale
    return new Float32Array(sigma2.length).fill(share)
  })
  return { loss, gradients }
}

/** The precision of a layer in stage 2, which begins at training step `since`; a layer without a second EBB basis stays as it is. */
export function oneBasis(precision: LayerPrecision, since: number): LayerPrecision {
  return precision.method === 'ebb' && precision.bases === 2 ? { ...precision, bases: 1, since } : precision
}

/** The manifest of stage 2: every EBB layer with one basis since that step. */
export function dropSecondBasis(manifest: Manifest, since: number): Manifest {
  return Object.fromEntries(Object.entries(manifest).map(([id, p]) => [id, oneBasis(p, since)]))
}
