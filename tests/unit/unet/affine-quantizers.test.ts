import { describe, expect, it } from 'vitest'
import type { DType, Tensor, TensorFile } from '../../../lib/tensor/tensor'
import { affineQuantizers } from '../../../lib/unet/affine-quantizers'
import { familyOf, weightLayers } from '../../../lib/unet/networks'

/** A file of these tensors; all of one value where a number is given. */
function fileOf(
  entries: [name: string, dtype: DType, shape: number[], values: number[] | number][],
): TensorFile {
  const tensors = new Map<string, Tensor>()
  for (const [name, , shape, values] of entries) {
    const count = shape.reduce((n, d) => n * d, 1)
    const data = typeof values === 'number' ? new Float32Array(count).fill(values) : Float32Array.from(values)
    tensors.set(name, { shape, data })
  }
  return {
    name: 'ckpt.pth',
    container: 'torch-zip',
    tensors: new Map(entries.map(([name, dtype, shape]) => [name, { dtype, shape }])),
    metadata: new Map(),
    values: new Map(),
    read: async (name) => tensors.get(name)!,
  }
}

describe('quantizers of q-diffusion', () => {
  const layer = 'input_blocks.1.0.in_layers.2'
  const file = fileOf([
    [`${layer}.weight`, 'F32', [4, 2, 3, 3], 0.1],
    [`${layer}.weight_quantizer.delta`, 'F32', [4, 1, 1, 1], [0.01, 0.02, 0.03, 0.04]],
    [`${layer}.weight_quantizer.zero_point`, 'F32', [4, 1, 1, 1], [7, 8, 9, 6]],
    [`${layer}.weight_quantizer.alpha`, 'F32', [4, 2, 3, 3], 0],
    [`${layer}.act_quantizer.delta`, 'F32', [], [0.05]],
    [`${layer}.act_quantizer.zero_point`, 'F32', [], [3]],
  ])
  it('are told by layer, with the range of their steps and the least bits that hold the zero points', async () => {
    const [quantizer, ...others] = await affineQuantizers(file)
    expect(others).toEqual([])
    expect(quantizer).toMatchObject({ layer, weightBits: 4, exact: false })
    expect(quantizer!.weights).toEqual({ count: 4, least: Math.fround(0.01), most: Math.fround(0.04) })
    expect(quantizer!.input).toMatchObject({ count: 1, most: Math.fround(0.05) })
  })
  it('are no layers', () => {
    const names = new Map([...file.tensors.keys()].map((name) => [name, name]))
    expect(familyOf(names)).toBe('q-diffusion')
    expect(weightLayers(names, file.tensors).map(({ id }) => id)).toEqual([layer])
  })
})

describe('quantizers of EfficientDM', () => {
  const layer = 'middle_block.0.out_layers.3'
  const file = fileOf([
    [`${layer}.weight`, 'U8', [2, 8, 3, 3], 17],
    [`${layer}.weight_quantizer.delta`, 'F32', [4, 1, 1, 1], 0.01],
    [`${layer}.weight_quantizer.zero_point`, 'F32', [4, 1, 1, 1], 5],
    [`${layer}.act_quantizer.delta_list`, 'F32', [20], 0.02],
    [`${layer}.act_quantizer.zp_list`, 'F32', [20], 8],
    [`${layer}.loraA.weight`, 'F32', [32, 8, 3, 3], 0],
    [`${layer}.loraB.weight`, 'F32', [4, 32, 1, 1], 0],
  ])
  it('have the bits their codes are packed in, and an input step for every sampling step', async () => {
    const [quantizer] = await affineQuantizers(file)
    expect(quantizer).toMatchObject({ layer, weightBits: 4, exact: true, input: { count: 20 } })
  })
  it('are recognised by their low-rank updates, which are no layers', () => {
    const names = new Map([...file.tensors.keys()].map((name) => [name, name]))
    expect(familyOf(names)).toBe('efficientdm')
    expect(weightLayers(names, file.tensors).map(({ id }) => id)).toEqual([layer])
  })
})
