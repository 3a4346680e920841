/**
 * sigma2 / sigma1 of least-squares bases (mean absolute residual over mean absolute weight) when a row of
 * weights follows a distribution: E| |w| - E|w| | / E|w|. Checked by tests/charts/basis-scales.test.tsx.
 */
export const basisYardsticks = [
  { name: 'Laplace', ratio: 0.736 },
  { name: 'Gaussian', ratio: 0.605 },
  { name: 'uniform', ratio: 0.5 },
] as const

export type BasisYardstick = (typeof basisYardsticks)[number]

/** "Gaussian .605". */
export const yardstickLabel = ({ name, ratio }: BasisYardstick): string =>
  `${name} ${ratio.toFixed(3).slice(1)}`

/** The one a single line of a table can show: weights of a trained network are nearest to it. */
export const gaussianYardstick = basisYardsticks[1]
