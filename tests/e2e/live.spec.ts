import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { expect, type Page, test } from '@playwright/test'

/** What `train --live` does when it begins and when it ends, in a process of its own. */
function training(call: 'openRun' | 'closeRun', argument: unknown): void {
  const script = `const live = await import('./lib/store/live.ts'); const { closeDb } = await import('./lib/store/db.ts');
    await live.${call}(${JSON.stringify(argument)}); await closeDb()`
  execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    env: { ...process.env, SIGNSCOPE_DATA: process.env.E2E_DATA ?? path.resolve('data/e2e') },
  })
}

async function log(page: Page, run: string, step: number, loss: number): Promise<void> {
  const scalars = [
    { name: 'loss', step, value: loss },
    { name: 'seconds per step', step, value: 2 },
  ]
  expect((await page.request.post('/api/v1/scalars', { data: { run, scalars } })).ok()).toBe(true)
}

test('a training is followed without a reload, the address stays, and its end is noticed', async ({
  page,
}) => {
  const name = `e2e-training-${Date.now()}`
  const settings = { name, steps: 1000, binarizer: { method: 'lmb' } }
  training('openRun', { name, role: 'student', teacher: null, method: 'lmb', bits: 'W1A4', settings })
  await log(page, name, 50, 0.5)
  await page.goto('/')
  await expect(page.getByRole('row', { name: new RegExp(name) })).toContainText('training, step 50 of 1,000')

  await page.goto(`/r/${name}?t=300&m=cosine`)
  const status = page.getByRole('status').filter({ hasText: 'training' })
  await expect(status).toHaveText(/training, step 50 of 1,000, 32\smin left/)
  await expect(page.getByText('No checkpoint yet')).toBeVisible()
  await log(page, name, 400, 0.25)
  await expect(status).toHaveText(/training, step 400 of 1,000, 20\smin left/)
  await expect(page.getByRole('group', { name: /Training loss of .* over 2 logged steps/ })).toBeVisible()
  expect(new URL(page.url()).search).toBe('?t=300&m=cosine')

  training('closeRun', name)
  await expect(status).toHaveCount(0)
  // nobody asks any more once there is nothing to wait for
  let asked = 0
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/pulse')) asked++
  })
  await page.waitForTimeout(6000)
  expect(asked).toBe(0)
})
