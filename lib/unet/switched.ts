/** A student with some of its layers at another precision: a checkpoint like any other. */
import { effectiveWeight } from '../quant/binarizer'
import { isPacked } from '../quant/quantizer'
import { switchLayer } from '../quant/switch-layer'
import type { Switches } from '../record/switches'
import { InputError } from '../tensor/error'
import type { Tensor } from '../tensor/tensor'
import { type Checkpoint, storedWeight } from './checkpoint'

/**
 * The student after the switches; tensors that did not change are shared with it. Layers switched to full precision take weight and
 * bias of the teacher, which must be of the same architecture. Throws an InputError for a layer that the network does not
 * have, and where the teacher is needed and null.
 */
export function switchLayers(
  student: Checkpoint,
  teacher: Checkpoint | null,
  switches: Switches,
): Checkpoint {
  const { layers, name: file } = student
  const [tensors, packed, scales] = [
    new Map(student.tensors),
    new Map(student.packed),
    new Map(student.scales),
  ]
  const manifest = { ...student.manifest }
  for (const [index, to] of switches) {
    const layer = layers[index]
    if (!layer) throw noSuchLayer(file, index, layers.length)
    const { id } = layer
    const before = student.manifest[id]!
    const own = { precision: before, weight: storedWeight(student, id), scales: scales.get(id) ?? {} }
    const whose = { file, layer: id }
    const after = switchLayer(own, to, () => weightInUse(neededTeacher(teacher, student, id), index), whose)
    manifest[id] = after.precision
    scales.set(id, after.scales)
    if (isPacked(after.weight)) packed.set(id, after.weight)
    else {
      packed.delete(id)
      tensors.set(`${id}.weight`, after.weight)
    }
    const restored = after.precision.method === 'fp' && before.method !== 'fp'
    if (restored) tensors.set(`${id}.bias`, biasOf(neededTeacher(teacher, student, id), index))
  }
  return { ...student, manifest, tensors, packed, scales }
}

/** What a layer of the checkpoint computes with, by its place in the layer list. */
export function weightInUse(checkpoint: Checkpoint, index: number): Tensor {
  const { layers, manifest, scales, name } = checkpoint
  const { id } = layers[index]!
  return effectiveWeight(manifest[id]!, storedWeight(checkpoint, id), scales.get(id) ?? {}, {
    file: name,
    layer: id,
  })
}

function biasOf({ layers, tensors }: Checkpoint, index: number): Tensor {
  return tensors.get(`${layers[index]!.id}.bias`)!
}

function neededTeacher(teacher: Checkpoint | null, student: Checkpoint, layer: string): Checkpoint {
  if (teacher) return teacher
  throw new InputError({
    ...{
      file: student.name,
      item: layer,
      problem: 'switching it takes weights of its teacher, which is not there',
    },
    remedy: 'Give the full-precision checkpoint as well.',
  })
}

function noSuchLayer(file: string, index: number, layers: number): InputError {
  return new InputError({
    ...{ file, item: `layer ${index}`, problem: `the network has ${layers} layers, counted from 0` },
    remedy: 'Switch one of its layers.',
  })
}
