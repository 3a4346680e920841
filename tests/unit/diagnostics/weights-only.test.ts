import { describe, expect, it } from 'vitest'
import { weightStats } from '../../../lib/diagnostics/weights'
import { diagnoseWeights, namedNetwork } from '../../../lib/diagnostics/weights-only'
import { normal } from '../../../lib/math/rng'
import { fullPrecisionLayer } from '../../../lib/record/precision'
import { CheckpointUpload, Diagnosis } from '../../../lib/record/run'
import { openTensors } from '../../../lib/tensor/open'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import { bytesSource, type DType, sizeOf, type Tensor, type TensorFile } from '../../../lib/tensor/tensor'
import { chooseNetwork } from '../../../lib/unet/choose-network'

type Shapes = Record<string, number[]>

/** A class-conditional latent-diffusion network in small. */
const conditional: Shapes = {
  'time_embed.0.weight': [16, 4],
  'time_embed.0.bias': [16],
  'label_emb.weight': [10, 16],
  'input_blocks.0.0.weight': [4, 3, 3, 3],
  'input_blocks.1.0.in_layers.2.weight': [8, 4, 3, 3],
  'input_blocks.1.1.transformer_blocks.0.attn1.to_q.weight': [8, 8],
  'middle_block.1.qkv.weight': [24, 8, 1],
  'out.0.weight': [4],
  'out.2.weight': [3, 4, 3, 3],
}

const randomTensor = (shape: number[], stream: number): Tensor => ({
  shape,
  data: normal(3, stream, new Float32Array(sizeOf(shape))).map((v) => v / 10),
})

function fileOf(shapes: Shapes, seed = 0, name = 'student.safetensors', dtype: DType = 'F32') {
  const tensors = new Map(
    Object.entries(shapes).map(([key, shape], i) => [key, { tensor: randomTensor(shape, seed + i), dtype }]),
  )
  return openTensors(bytesSource(name, writeSafetensors(tensors)))
}

const named = async (file: TensorFile) => namedNetwork(file, await chooseNetwork(file))

describe('diagnoseWeights', () => {
  it('says of each layer what the statistics of its weights in memory say', async () => {
    const [student, teacher] = [await fileOf(conditional), await fileOf(conditional, 100, 'teacher.pt')]
    const { layers } = await diagnoseWeights(await named(teacher), await named(student))
    for (const { layer, weights } of layers) {
      const name = `${layer.id}.weight`
      expect(weights).toEqual(
        weightStats({
          precision: fullPrecisionLayer,
          stored: await student.read(name),
          scales: {},
          teacher: await teacher.read(name),
          file: 'student',
          layer: layer.id,
        }),
      )
    }
  })
  it('lists every conv and linear layer in the order of the file, without norms, biases and embeddings', async () => {
    const diagnosis = await diagnoseWeights(null, await named(await fileOf(conditional)))
    expect(diagnosis.layers.map(({ layer }) => layer.id)).toEqual(
      Object.keys(conditional)
        .filter((name) => conditional[name]!.length > 1 && name !== 'label_emb.weight')
        .map((name) => name.replace(/\.weight$/, '')),
    )
    const [first] = diagnosis.layers
    expect(first!.layer).toMatchObject({ kind: 'linear', parameters: 80, shape: [16, 4] })
    expect(diagnosis).toMatchObject({ timesteps: [], output: null, protocol: null, family: 'sd' })
    expect(diagnosis.unrun).toContain('conditioned')
    expect(Diagnosis.parse(JSON.parse(JSON.stringify(diagnosis)))).toEqual(diagnosis)
    expect(CheckpointUpload.shape.diagnosis).toBe(Diagnosis)
  })
  it('holds one tensor of each file at a time', async () => {
    const counted = (file: TensorFile) => {
      const reads: string[] = []
      const read = (name: string) => {
        reads.push(name)
        return file.read(name)
      }
      return { reads, file: { ...file, read } }
    }
    const student = counted(await fileOf(conditional))
    const teacher = counted(await fileOf(conditional, 100, 'teacher'))
    const seen: [number, number][] = []
    await diagnoseWeights(await named(teacher.file), await named(student.file), {
      onProgress: (done) => {
        seen.push([student.reads.length, teacher.reads.length])
        expect(done).toBe(seen.length)
      },
    })
    // one more tensor of each by every layer that is done, none of them twice
    expect(seen).toEqual(seen.map((_, i) => [i + 1, i + 1]))
    expect(new Set(student.reads).size).toBe(student.reads.length)
  })
  it('reads the scales of binarized layers, and says that it took them for that', async () => {
    const file = await fileOf({
      ...conditional,
      'out.2.scaling_first_order': [3, 1, 1, 1],
      'middle_block.1.qkv.sigma1': [24],
      'middle_block.1.qkv.sigma2': [24],
    })
    const { layers, assumptions } = await diagnoseWeights(null, await named(file))
    const of = (id: string) => layers.find(({ layer }) => layer.id === id)!
    expect(of('out.2')).toMatchObject({ precision: { method: 'sign', bases: 1, activationBits: 32 } })
    expect(of('out.2').weights.sigma1).toHaveLength(3)
    expect(of('middle_block.1.qkv').weights.sigma2).toHaveLength(24)
    expect(assumptions).toEqual(['2 layers are taken as binarized because the file holds scales for them'])
  })
  it('takes any network by rank and names: a GAN with transposed convolutions, output channels first', async () => {
    const gan = await fileOf({ 'generator.deconv1.weight': [6, 2, 4, 4], 'generator.fc.weight': [5, 7] })
    const { layers, family } = await diagnoseWeights(null, await named(gan))
    expect(family).toBe('other')
    expect(layers[0]).toMatchObject({ layer: { inChannels: 6, outChannels: 2 } })
    expect(layers[0]!.weights.channels!.channels).toBe(2)
    const { data } = await gan.read('generator.deconv1.weight')
    expect(layers[0]!.weights.latent!.moments.max).toBe(Math.max(...data))
  })
  it('names layers the teacher does not have, and refuses a teacher that has none', async () => {
    const student = await named(await fileOf(conditional))
    const { 'out.2.weight': _, ...less } = conditional
    const { layers, assumptions } = await diagnoseWeights(await named(await fileOf(less)), student)
    expect(assumptions).toEqual(['1 layers have no counterpart of their name and shape in the teacher'])
    expect(layers.at(-1)!.weights.againstTeacher).toBe(null)
    const other = await named(await fileOf({ 'fc.weight': [3, 3] }, 0, 'other.pt'))
    await expect(diagnoseWeights(other, student)).rejects.toThrow('none of its 6 layers is in other.pt')
  })
  it('stops between layers when it is aborted', async () => {
    const abort = new AbortController()
    const work = diagnoseWeights(null, await named(await fileOf(conditional)), {
      signal: abort.signal,
      onProgress: () => abort.abort(new Error('cancelled')),
    })
    await expect(work).rejects.toThrow('cancelled')
  })
})
