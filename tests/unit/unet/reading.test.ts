import { describe, expect, it } from 'vitest'
import { binarizer } from '../../../lib/quant/binarizer'
import { initScales } from '../../../lib/quant/scales'
import type { Checkpoint } from '../../../lib/unet/checkpoint'
import { readAs } from '../../../lib/unet/reading'
import { parseReading, readingNames } from '../../../lib/unet/reading-name'
import { checkpointOf } from './upstream'

const reading = (text: string) => parseReading(text, '--mode')

describe('a reading by name', () => {
  it('tells where weights and activations come from', () => {
    expect(reading('stored')).toEqual({ weights: 'stored', activations: 'stored', bits: null, bases: null })
    expect(reading('full')).toEqual({ weights: 'latent', activations: 'float', bits: null, bases: null })
    expect(reading('w_a_frozen').bits).toBe(8)
  })
  it('takes bits and bases behind the name', () => {
    expect(reading('as_published_a4.rule')).toEqual({ ...reading('as_published'), bits: 4 })
    expect(reading('as_published').bits).toBe(8)
    expect(reading('w_only.2').bases).toBe(2)
    expect(reading('reload_a8.1')).toMatchObject({ bits: 8, bases: 1, weights: 'computed' })
  })
  it('is one of those there are', () => {
    for (const name of ['', 'constructor', 'w_only.3', 'stored_a2', 'full.rule.rule'])
      expect(() => reading(name)).toThrow(`--mode: ${name} is no reading`)
    for (const name of readingNames) expect(reading(`${name}.rule`)).toEqual(reading(name))
  })
})

describe('readAs', async () => {
  const student = await checkpointOf('binarydm_s1')
  const teacher = await checkpointOf('ddim_s1')
  const id = 'input_blocks.1.0.in_layers.2'

  it('leaves the checkpoint as it is for stored', () => {
    expect(readAs(student, reading('stored'))).toBe(student)
    expect(readAs(teacher, reading('stored'))).toBe(teacher)
  })
  it('makes every layer full precision for full', () => {
    const precisions = Object.values(readAs(student, reading('full')).manifest)
    expect(precisions.every((p) => p.bases === 0 && p.activationBits === 32)).toBe(true)
  })
  it('computes scales from the latent weights for reload, and steps from every batch', () => {
    const read = readAs(student, reading('reload'))
    const w = student.tensors.get(`${id}.weight`)!
    expect(read.scales.get(id)).toMatchObject(initScales(w.data, w.shape[0]!, 2, 0))
    expect(read.scales.get(id)).not.toEqual(student.scales.get(id))
    expect(read.manifest[id]).toMatchObject({ bases: 2, activationBits: 8, alphaPerBatch: true })
    expect(read.manifest['middle_block.1.attention.w']).toMatchObject({ bases: 0, alphaPerBatch: true })
    expect(read.manifest['time_embed.0']!.activationBits).toBe(32)
  })
  it('gives layers of one-basis methods that are to have two the method that has them', () => {
    const sign = {
      ...student,
      manifest: { [id]: { method: 'sign', bases: 1, activationBits: 32 } },
    } as Checkpoint
    expect(readAs(sign, reading('w_only.2')).manifest[id]).toMatchObject({ method: 'lmb', bases: 2 })
    expect(readAs(sign, reading('w_only.1')).manifest[id]).toMatchObject({ method: 'sign', bases: 1 })
  })
  it('refuses a network without binarized layers, and weights that are gone', () => {
    expect(() => readAs(teacher, reading('w_only'))).toThrow('no binarized layer')
    const codes = [Int8Array.of(1)]
    const packed = { ...student, packed: new Map([[id, { shape: [1, 1], codes }]]) }
    expect(() => readAs(packed, reading('reload'))).toThrow(`${id}: its latent weights are not stored`)
  })
  it('is a checkpoint like others: its quantizer asks for what the reading needs, and no more', () => {
    const { manifest } = readAs(student, reading('w_only'))
    const withoutSteps = new Map(
      [...student.scales].map(([id, scales]) => [id, { ...scales, alpha: undefined }]),
    )
    expect(() => binarizer(manifest, withoutSteps)).not.toThrow()
    expect(() => binarizer(student.manifest, withoutSteps)).toThrow('the LSQ step is missing')
  })
})
