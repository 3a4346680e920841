/** Faults that only show when the networks run, planted into a student of the demo: they come first. The others are in standouts.test.ts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import { reasonInWords, type Standout, standouts } from '../../../lib/diagnostics/standouts'
import { normal } from '../../../lib/math/rng'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import { type Checkpoint, readCheckpoint } from '../../../lib/unet/checkpoint'

const demo = join(import.meta.dirname, '../../../public/demo')

async function demoCheckpoint(file: string): Promise<Checkpoint> {
  return readCheckpoint(await openTensors(bytesSource(file, readFileSync(join(demo, file)))))
}

let teacher: Checkpoint
let student: Checkpoint

beforeAll(async () => {
  await startBackend()
  teacher = await demoCheckpoint('mnist-teacher/step-009000.safetensors')
  student = await demoCheckpoint('mnist-v1/step-001000.safetensors')
})

async function firstOf(planted: Partial<Checkpoint>): Promise<Standout> {
  const short = { timesteps: 5, images: 2 }
  const { layers, sweep } = await diagnose(teacher, { ...student, ...planted }, short)
  return standouts(layers, sweep?.modules)[0]!
}

it('a step four times too large in one layer', async () => {
  const quantized = student.layers.filter(({ id }) => student.manifest[id]!.activationBits === 4)
  for (const index of [12, 33]) {
    const { id } = quantized[index]!
    const own = student.scales.get(id)!
    const scales = new Map(student.scales).set(id, { ...own, alpha: 4 * own.alpha! })
    const { layer, reasons } = await firstOf({ scales })
    const measure = id.endsWith('time_emb_proj') ? 'timeStepLeft' : 'stepLeft'
    expect([layer, reasons[0]!.measure]).toEqual([id, measure])
    expect(reasonInWords(reasons[0]!)).toMatch(/^a better step of its input would gain \d+\.\d dB/)
  }
})

it('axes of one module that are not those of its teacher', async () => {
  const ids = [...student.axes.keys()]
  expect(ids.length).toBeGreaterThan(5)
  const id = ids[1]!
  const { shape } = student.axes.get(id)!
  const data = orthonormal(shape[0]!, shape[1]!)
  const { layer, reasons } = await firstOf({ axes: new Map(student.axes).set(id, { shape, data }) })
  expect([layer, reasons[0]!.measure]).toEqual([id, 'staleAxes'])
})

/** k random orthonormal columns, [C, k], by Gram-Schmidt. */
function orthonormal(C: number, k: number): Float32Array {
  const columns = Array.from({ length: k }, (_, j) => Array.from(normal(1, j, new Float32Array(C))))
  columns.forEach((column, j) => {
    for (const other of columns.slice(0, j)) {
      const dot = column.reduce((sum, v, i) => sum + v * other[i]!, 0)
      column.forEach((v, i) => {
        column[i] = v - dot * other[i]!
      })
    }
    const norm = Math.hypot(...column)
    column.forEach((v, i) => {
      column[i] = v / norm
    })
  })
  return Float32Array.from({ length: C * k }, (_, i) => columns[i % k]![Math.floor(i / k)]!)
}
