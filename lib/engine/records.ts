/** Records the kernels read from their memory: fields of four bytes in the order of the classes in assembly/. */

const source = ['x', 'stride', 'height', 'width', 'channels', 'doubled', 'affine', 'silu', 'padding'] as const
const output = ['y', 'yStride', 'residual', 'residualStride'] as const

const layouts = {
  Source: [...source, 'alpha', 'lowest', 'highest'],
  OneBitConvolution: [
    ...(['source', 'kernel', 'step', 'height', 'width', 'paddedOutputs', 'outputs', 'bases'] as const),
    ...(['weights', 'coefficients'] as const),
    ...output,
    'factor',
  ],
  FloatConvolution: [
    ...(['source', 'kernel', 'step', 'height', 'width', 'outputs', 'weights', 'bias'] as const),
    ...output,
    'factor',
  ],
} as const

export type RecordName = keyof typeof layouts
export type RecordFields<N extends RecordName> = Record<(typeof layouts)[N][number], number>

/** Fields that are float32; the others are integers. */
const floats: ReadonlySet<string> = new Set(['alpha', 'lowest', 'highest', 'factor'])

/** The bytes of a record. */
export function recordBytes<N extends RecordName>(name: N, fields: RecordFields<N>): Uint8Array {
  const layout: readonly string[] = layouts[name]
  const view = new DataView(new ArrayBuffer(4 * layout.length))
  for (const [i, field] of layout.entries()) {
    const value = (fields as Record<string, number>)[field]!
    if (floats.has(field)) view.setFloat32(4 * i, value, true)
    else view.setInt32(4 * i, value, true)
  }
  return new Uint8Array(view.buffer)
}
