/**
 * What becomes of the weights of a layer. `fp` is full precision, the identity; sign, xnor, lmb and ebb binarize;
 * `lsq` keeps 8 bits with a learned step per output channel (layers the paper does not binarize).
 */
export const methods = ['fp', 'sign', 'xnor', 'lmb', 'ebb', 'lsq'] as const
export type Method = (typeof methods)[number]
