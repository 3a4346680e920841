/** A single binarized layer as a program: what benchmarks time and tests compare. */
import { type Geometry, type OneBitWeights, oneBitConvolution, outputSize } from './convolution'
import { Layout, type Program, type View } from './layout'

export type OneLayer = Program & {
  /** (H, W, C) floats in, (H', W', O) floats out. */
  x: View
  y: View
}

/** The layer on an image of so many pixels; `alpha` is the step of its 4-bit input. Padding of 3x3 kernels follows on the far side as well. */
export function planOneLayer(
  geometry: Geometry,
  weights: OneBitWeights,
  alpha: number,
  size: { height: number; width: number },
): OneLayer {
  const layout = new Layout()
  const [outputs, channels, kernel = 1] = geometry.shape as [number, number, number?]
  const along = (n: number) => outputSize(n, kernel, geometry.stride, geometry.padding)
  const x = layout.image(size, channels)
  const y = layout.image({ height: along(size.height), width: along(size.width) }, outputs)
  oneBitConvolution(layout, geometry, weights, { view: x }, alpha, { view: y })
  return { ...layout.program(), x, y }
}
