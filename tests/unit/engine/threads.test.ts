import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { buildSync } from 'esbuild'
import { afterEach, describe, expect, it } from 'vitest'
import { openCheckpoint } from '../../../lib/cli/open'
import { startEngine } from '../../../lib/engine/engine'
import type { ThreadSetup } from '../../../lib/engine/threads'
import { normal } from '../../../lib/math/rng'

const alone = new WebAssembly.Module(readFileSync('public/engine/strict.wasm'))
const shared = new WebAssembly.Module(readFileSync('public/engine/strict-shared.wasm'))
const workers: Worker[] = []

/** A worker of Node runs no TypeScript. */
const thread = buildSync({
  ...{ entryPoints: [join(import.meta.dirname, 'thread.ts')], bundle: true, platform: 'node', write: false },
}).outputFiles[0]!.text

function spawn(setup: ThreadSetup): Promise<void> {
  const worker = new Worker(thread, { workerData: setup, eval: true })
  workers.push(worker)
  return new Promise((resolve, reject) => worker.once('message', () => resolve()).once('error', reject))
}

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()))
})

describe('threads of the engine', () => {
  it('compute float for float what one thread computes, pass after pass', async () => {
    const { checkpoint } = await openCheckpoint('public/demo/mnist-v1/step-001000.safetensors', {})
    const { inChannels, sampleSize } = checkpoint.config
    const one = await startEngine(checkpoint, alone)
    // 3 do not share 14 rows evenly
    const three = await startEngine(checkpoint, shared, { threads: { count: 3, spawn } })
    for (const seed of [1, 2, 3, 4]) {
      const x = normal(seed, 0, new Float32Array(2 * inChannels * sampleSize ** 2))
      expect(three.predict(x, 100 * seed)).toEqual(one.predict(x, 100 * seed))
    }
  })

  it('are one where modules are tapped', async () => {
    const { checkpoint } = await openCheckpoint('public/demo/mnist-baseline/step-001000.safetensors', {})
    await startEngine(checkpoint, shared, { taps: true, threads: { count: 2, spawn } })
    expect(workers).toHaveLength(0)
  })

  it('are said not to start at once, not when the first pass waits for them', async () => {
    const { checkpoint } = await openCheckpoint('public/demo/mnist-baseline/step-001000.safetensors', {})
    const none = () => Promise.reject(new Error('no thread to be had'))
    const starting = startEngine(checkpoint, shared, { threads: { count: 2, spawn: none } })
    await expect(starting).rejects.toThrow('no thread to be had')
  })
})
