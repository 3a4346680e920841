/**
 * The largest SQNR told, dB. float32 holds a value to within 2^-25 of it, which is about 150 dB; beyond
 * that, and for equal vectors, the difference is below what the numbers resolve.
 */
export const sqnrCeiling = 150
