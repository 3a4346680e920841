import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { sampleUpload } from '../unit/store/sample-upload'

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

test('what a training job sends over the API stands on its card as it comes: pictures, layers, files, its end', async ({
  page,
}) => {
  const run = `e2e-job-${Date.now()}`
  const send = async (method: 'post' | 'put' | 'patch', where: string, data: unknown) =>
    expect((await page.request[method](`/api/v1/${where}`, { data })).ok()).toBe(true)
  await send('post', 'runs', { name: run, settings: { steps: 1000 } })
  await log(page, run, 50, 0.5)
  await send('put', `samples?run=${run}&step=50&seed=7`, readFileSync('docs/run.png'))
  await page.goto(`/r/${run}`)
  await expect(page.getByRole('status').filter({ hasText: 'training, step 50' })).toBeVisible()
  const card = page.getByRole('region', { name: 'From the training job' })
  const picture = card.getByRole('img', { name: `samples of ${run}, step 50, seed 7` })
  await expect(picture).toBeVisible()
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBeGreaterThan(0)
  await expect(card.getByText('1 of 1 pictures, the latest first.')).toBeVisible()

  const layer = { layer: 'mid.conv1', step: 60, facts: { class: 'Conv2d', bits: 1 }, histograms: {} }
  await send('post', 'statistics', { run, layers: [{ ...layer, values: { 'weight.flips': 0.125 } }] })
  await send('post', 'uploads', { run, step: 60, fileName: 'ckpt.pt', bytes: 2048 })
  await expect(card.getByText('Step 60, ckpt.pt: arriving, 0 B of 2.0 KiB')).toBeVisible()
  await card.getByText('1 layer at step 60').click()
  await expect(card.getByRole('row', { name: /mid\.conv1/ })).toContainText(/Conv2d · bits 1.*0\.125$/)

  await send('patch', `runs/${run}`, { outcome: 'failed' })
  await expect(card.getByText('It ended with a failure.')).toBeVisible()
  await expect(page.getByRole('status').filter({ hasText: 'training' })).toHaveCount(0)
})

test('`latest` is the newest checkpoint as they come, here and in a comparison; a chosen step stays', async ({
  page,
  context,
}) => {
  const name = `e2e-latest-${Date.now()}`
  const store = async (step: number) =>
    expect(
      (await page.request.post('/api/v1/checkpoints', { data: sampleUpload({ name, step }) })).ok(),
    ).toBe(true)
  await store(100)
  await store(200)
  await log(page, name, 200, 0.5)
  const bar = page.getByRole('region', { name: 'Shown here' })
  await page.goto(`/r/${name}?c=latest&l=conv_in`)
  await expect(bar).toContainText('200 2 of 2')
  const comparison = await context.newPage()
  await comparison.goto(`/compare?r=${name}@100,${name}@latest&i=0`)
  await expect(comparison.getByLabel(`Step of ${name}`).last()).toHaveValue('latest')

  await store(300)
  await expect(bar).toContainText('300 3 of 3')
  expect(page.url()).toContain('?c=latest&l=conv_in')
  await expect(
    comparison.getByLabel(`Step of ${name}`).last().getByRole('option', { selected: true }),
  ).toHaveText('latest, 300')
  expect(comparison.url()).toContain(`${name}@latest`)
  await expect(comparison.getByRole('region', { name: 'Over the training' })).toBeVisible()

  await page.keyboard.press('[')
  await expect(bar).toContainText('200 2 of 3')
  await store(400)
  await expect(bar).toContainText('200 2 of 4')
  expect((await page.request.patch(`/api/v1/runs/${name}`, { data: { outcome: 'finished' } })).ok()).toBe(
    true,
  )
})
