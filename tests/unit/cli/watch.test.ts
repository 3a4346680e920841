/** watch imports what comes to rest in a folder, and goes on whatever else appears there. */
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { type Imported, type ImportOptions, importOptionsOf } from '../../../lib/cli/import'
import { watchFolder } from '../../../lib/cli/watch'
import { getRun } from '../../../lib/store/runs'
import { useTemporaryStore } from '../store/temporary-store'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

useTemporaryStore()
const folder = join(temporaryFolder(), 'training')
const times = { settleMs: 300, pollMs: 50 }

it('stores each file once it rests, under its step, and ends when told', async () => {
  mkdirSync(folder)
  copyFileSync(`${fixtures}/ddim_s2_pt/config.json`, join(folder, 'config.json'))
  const bytes = readFileSync(`${fixtures}/ddim_s2_pt/model.pt`)
  const results: Imported[] = []
  const options: ImportOptions = {
    ...importOptionsOf({ timesteps: '2', images: '1', samples: '0' }),
    onDone: (result) => results.push(result),
  }
  const stop = new AbortController()
  const watching = watchFolder(folder, options, { ...times, signal: stop.signal })
  const done = async (count: number) => {
    while (results.length < count) await wait(20)
  }

  writeFileSync(join(folder, 'ckpt_100.pth'), bytes.subarray(0, 500_000))
  await wait(100)
  appendFileSync(join(folder, 'ckpt_100.pth'), bytes.subarray(500_000))
  await done(1)
  expect(results).toMatchObject([{ run: 'training', step: 100, stored: true }])

  writeFileSync(join(folder, 'bad.pth'), 'no checkpoint')
  await done(2)
  expect(results[1]).toMatchObject({ stored: false, problem: expect.stringContaining('bad.pth') })

  // written beside and renamed; the other is never finished
  writeFileSync(join(folder, '.ckpt_200.pth'), bytes)
  writeFileSync(join(folder, 'ckpt_300.pth.tmp'), bytes.subarray(0, 1000))
  renameSync(join(folder, '.ckpt_200.pth'), join(folder, 'ckpt_200.pth'))
  await done(3)
  expect(results[2]).toMatchObject({ run: 'training', step: 200, stored: true })

  await wait(500)
  stop.abort()
  await watching
  expect(results).toHaveLength(3)
  expect((await getRun('training'))!.checkpoints.map(({ step }) => step)).toEqual([100, 200])
})

it('refuses a folder that is not there', async () => {
  const { code, stderr } = await run('watch', join(folder, 'nowhere'))
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no such folder')])
})
