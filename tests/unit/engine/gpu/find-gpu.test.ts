import { expect, it } from 'vitest'
import { findGpu } from '@/lib/engine/gpu/find-gpu'

it('a host without WebGPU is told so', async () => {
  const { device, ...why } = await findGpu(undefined)
  expect(device).toBeNull()
  expect(why).toEqual({
    reason: 'no WebGPU here: it takes a recent browser, and a page from https or localhost',
  })
})

it('WebGPU without an adapter is another reason', async () => {
  const bare = { requestAdapter: async () => null } as unknown as GPU
  expect(await findGpu(bare)).toEqual({
    device: null,
    reason: 'WebGPU is there, but no GPU it may use (no adapter)',
  })
})
