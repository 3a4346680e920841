import type { ScaleContinuousNumeric } from 'd3'

/** Writes the ticks of a linear scale with as many decimals as their distance needs: "−0.05", "0", "0.05". */
export function axisNumber(
  scale: ScaleContinuousNumeric<number, number>,
  count = 4,
): (value: number) => string {
  const write = scale.tickFormat(count)
  return (value) => (value === 0 ? '0' : write(value).replace('-', '−'))
}
