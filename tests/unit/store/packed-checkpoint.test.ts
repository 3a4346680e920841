import { beforeAll, expect, it } from 'vitest'
import * as packed from '../../../app/api/v1/checkpoints/[id]/packed/route'
import { loadKernels } from '../../../lib/cli/kernels'
import { openCheckpoint } from '../../../lib/cli/open'
import { imageSize } from '../../../lib/diagnostics/network'
import { startOneBit } from '../../../lib/diagnostics/one-bit'
import { startingNoise } from '../../../lib/diffusion/sample'
import { findCheckpoint } from '../../../lib/store/checkpoints'
import { openTensors } from '../../../lib/tensor/open'
import { bytesSource } from '../../../lib/tensor/tensor'
import { type Checkpoint, readCheckpoint } from '../../../lib/unet/checkpoint'
import { send } from '../api/send'
import { run } from '../cli/command-line'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()
/** With latent weights. */
const student = 'public/demo/mnist-baseline/step-001000.safetensors'
const teacher = 'public/demo/mnist-teacher/step-009000.safetensors'

const get = (id: string) => send(packed.GET, { params: { id } })
const idOf = async (name: string, step: number) => (await findCheckpoint(name, step))!.id

beforeAll(async () => {
  // the student first: without its teacher it is stored in no time
  for (const file of [student, teacher]) expect((await run('import', file, '--samples', '0')).code).toBe(0)
})

it('a student with latent weights is given packed, and predicts the same at one bit, float for float', async () => {
  const answer = await get(await idOf('mnist-baseline', 1000))
  expect(answer.status).toBe(200)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  const { checkpoint: stored } = await openCheckpoint(student)
  expect(bytes.length).toBeLessThan(200_000)
  const given = await readCheckpoint(await openTensors(bytesSource('packed', bytes)))
  expect([given.packed.size, stored.packed.size]).toEqual([35, 0])
  const kernels = await loadKernels()
  const noise = startingNoise(7, 1, imageSize(stored.config))
  const eps = async (checkpoint: Checkpoint) => (await startOneBit(checkpoint, kernels)).predict(noise, 500)
  expect(await eps(given)).toEqual(await eps(stored))
})

it('a teacher is not packed, and what is not there is a 404', async () => {
  const refused = await get(await idOf('mnist-teacher', 9000))
  expect(refused.status).toBe(422)
  expect((await refused.json()).error.message).toContain('no layer of it is binarized')
  expect((await get('nothing')).status).toBe(404)
})
