import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from '@playwright/test'
import { openTensors } from '../../lib/tensor/open'
import { writeSafetensors } from '../../lib/tensor/safetensors'
import { bytesSource, type DType, type Tensor } from '../../lib/tensor/tensor'
import { violations } from './axe'

const layer = 'down_blocks.0.resnets.0.conv2'

/** The last checkpoint of mnist-baseline, with the scales of one layer as small as a start that was never replaced. */
async function neverBinarized(): Promise<Uint8Array> {
  const demo = 'public/demo/mnist-baseline/step-001000.safetensors'
  const file = await openTensors(bytesSource(demo, readFileSync(demo)))
  const tensors = new Map<string, { tensor: Tensor; dtype: DType }>()
  for (const [name, { dtype }] of file.tensors) {
    const tensor = await file.read(name)
    const broken = name === `${layer}.sigma1`
    tensors.set(name, { dtype, tensor: broken ? { ...tensor, data: tensor.data.map(() => 5e-4) } : tensor })
  }
  return writeSafetensors(tensors, file.metadata)
}

test('import a student with a fault: the run, its table and the layer say what is wrong and what to do', async ({
  page,
}) => {
  const run = `e2e-never-binarized-${Date.now()}`
  const folder = mkdtempSync(path.join(tmpdir(), 'signscope-audit-'))
  const student = path.join(folder, 'student.safetensors')
  writeFileSync(student, await neverBinarized())
  const options = ['--run', run, '--timesteps', '2', '--images', '1', '--samples', '0']
  execFileSync(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'import', student, ...options], {
    env: { ...process.env, SIGNSCOPE_DATA: process.env.E2E_DATA ?? path.resolve('data/e2e') },
  })
  rmSync(folder, { recursive: true })

  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto(`/r/${run}`)
  await page.getByRole('link', { name: 'audit: 1 fault' }).click()
  await expect(page).toHaveURL(/#audit$/)
  const audit = page.getByRole('region', { name: 'Audit' })
  await expect(audit).toContainText('never binarized')
  await expect(audit).toContainText('train until every group is switched on')
  const sheet = page.getByRole('region', { name: /^Layers × timesteps/ })
  await expect(sheet.getByRole('row', { name: new RegExp(layer.replaceAll('.', '\\.')) })).toContainText(
    'fault never binarized',
  )
  expect(await violations(page)).toEqual([])

  await audit.getByRole('link', { name: layer }).click()
  await expect(page.getByRole('heading', { name: layer, level: 1 })).toBeVisible()
  await expect(page.getByRole('region', { name: 'Audit' })).toContainText('sigma1-random-start')
})

test('a sound student is quiet: no fault, ok in every row, notes folded away', async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 })
  await page.goto('/r/mnist-lmb')
  await expect(page.getByRole('link', { name: 'audit: no faults' })).toBeVisible()
  await expect(page.getByText('No faults and no warnings.')).toBeVisible()
  await expect(page.getByRole('cell', { name: 'ok', exact: true })).toHaveCount(35)
})
