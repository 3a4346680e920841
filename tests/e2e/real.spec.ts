/** Checkpoints of real trainings, dropped into the page: the mapping found, corrected, remembered, stored, drawn with. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, type Page, test } from '@playwright/test'
import { startingNoise } from '../../lib/diffusion/sample'
import { openFileSource } from '../../lib/tensor/file-source'
import { openTensors } from '../../lib/tensor/open'
import { ddimConfig, ldmConfig } from '../fixtures/real-configs'

const real = 'tests/fixtures/real'
const fashion = `${real}/binarydm_fashion`
const steps = 4
const images = 4

test.describe.configure({ mode: 'serial', timeout: 400_000 })

test('a Lightning file is student, EMA and teacher at once; corrections are remembered, and forgotten', async ({
  page,
}) => {
  const add = await drop(page, [`${fashion}/a4_fixed/last.ckpt`])
  await expect(add.getByRole('heading', { name: 'A student and its teacher, in one file' })).toBeVisible()
  await expect(add.getByRole('row', { name: /^student last\.ckpt.* 600 binarydm/ })).toBeVisible()
  await expect(add.getByRole('row', { name: /^teacher last\.ckpt/ })).toBeVisible()
  await expect(add.getByLabel('Network of the student')).toHaveValue(/model_ema\.$/)
  await expect(add.getByLabel('Network of the teacher')).toHaveValue(/model2\.model\.diffusion_model\.$/)
  await expect(add.getByText('51 binarized (13 with two bases), W1A4')).toBeVisible()

  const mapping = add.locator('details', { hasText: 'Mapping of the student' })
  await mapping.locator('summary').click()
  await expect(mapping.getByText(/^10 of \d+ shown$/)).toBeVisible()
  await mapping.getByLabel('Search names').fill('input_blocks.1.0.in_layers.2.weight')
  await expect(mapping.getByRole('row').last()).toContainText(
    'model_ema.diffusion_modelinput_blocks10in_layers2weight',
  )

  // names and shapes give neither image size nor bits beyond doubt: both can be set
  await add.getByLabel('Image size').fill('16')
  await add.getByLabel('Image size').press('Enter')
  await add.getByLabel('Reading').selectOption('reload')
  await add.getByLabel('Bits of activations').selectOption('8')
  await add
    .getByLabel('Network of the student')
    .selectOption({ label: 'raw weights (state_dict/model.diffusion_model.)' })
  await expect(add.getByText('Images 1 × 16 × 16')).toBeVisible()
  await expect(add.getByText('W1A8')).toBeVisible()
  await add.getByLabel('Bits of activations').selectOption('')
  await add.getByLabel('Reading').selectOption('stored')
  await add.getByLabel('Run name of the student').fill('a4-fixed')
  await store(page)
  await page.getByRole('link', { name: 'Open a4-fixed' }).click()
  await expect(page.getByText('raw weights (state_dict/model.diffusion_model.)')).toBeVisible()
  await expect(page.getByRole('definition').nth(1)).toHaveText('stored')
  await expect(page.getByRole('definition').nth(2)).toHaveText('latent-diffusion')

  const again = await drop(page, [`${fashion}/a4_fixed/last.ckpt`])
  await expect(again.getByText(/As you chose before.*model\.diffusion_model\., image size 16/)).toBeVisible()
  await expect(again.getByLabel('Network of the student')).toHaveValue('state_dict/model.diffusion_model.')
  await again.getByRole('button', { name: 'forget' }).click()
  await expect(again.getByLabel('Network of the student')).toHaveValue(/model_ema\.$/)
  await again.getByRole('button', { name: 'Cancel' }).click()
  await (await drop(page, [`${fashion}/a4_fixed/last.ckpt`])).getByText('A student and its teacher').waitFor()
})

test('its pictures are drawn in the browser, those of the CLI', async ({ page }) => {
  await agreesWithCli(page, 'a4-fixed', {
    teacher: [`${fashion}/a4_fixed/last.ckpt`, 'teacher'],
    student: [`${fashion}/a4_fixed/last.ckpt`, 'raw'],
  })
})

test('steps of a run, one of them damaged, go in against a teacher in a file of its own', async ({
  page,
}) => {
  const add = await drop(page, [
    `${fashion}/teacher.ckpt`,
    `${fashion}/as_released/epoch=000000-step=000000100.ckpt`,
    `${fashion}/as_released/last.ckpt`,
    'tests/fixtures/containers/lfs_pointer.safetensors',
  ])
  await expect(add.getByRole('heading', { name: 'A teacher and 2 checkpoints of its student' })).toBeVisible()
  await expect(add.getByRole('row', { name: /lfs_pointer/ })).toContainText('git lfs pull')
  await expect(add.getByLabel('Network of the teacher')).toHaveValue(/model_ema\.$/)
  // the average of its steps still holds the memory it began with, so the raw weights are taken
  await expect(add.getByLabel('Network of the student').last()).toHaveValue(
    'state_dict/model.diffusion_model.',
  )
  await add.getByLabel('Image size').fill('16')
  await add.getByLabel('Image size').press('Enter')
  await add.getByLabel('Run name of the student').fill('as-released')
  await add.getByLabel('Run name of the teacher').fill('fashion-16')
  await add.getByRole('button', { name: 'Diagnose and store' }).click()
  await expect(add.getByText('2 of 3 checkpoints are stored')).toBeVisible({ timeout: 300_000 })
  await expect(add.getByRole('row', { name: /lfs_pointer/ })).toContainText('git lfs pull')
  const { runs } = await (await page.request.get('/api/v1/runs')).json()
  const run = runs.find(({ name }: { name: string }) => name === 'as-released')
  expect(run.checkpoints.map(({ step }: { step: number }) => step)).toEqual([100, 600])
})

test('a student that names no teacher may take a stored one with the same layers', {
  tag: '@long',
}, async ({ page }) => {
  const add = await drop(page, [`${fashion}/as_released/epoch=000000-step=000000400.ckpt`])
  await expect(add.getByRole('heading', { name: 'A student without its teacher' })).toBeVisible()
  const stored = add.getByLabel('Stored teacher')
  const option = stored.getByRole('option', { name: /^fashion-16, step 4,100/ })
  await stored.selectOption((await option.getAttribute('value'))!)
  await add.getByRole('button', { name: 'Take this teacher' }).click()
  await expect(
    add.getByRole('row', { name: /^teacher teacher\.ckpt stored here, in fashion-16/ }),
  ).toBeVisible()
  // what it was stored with is what its student is read with
  await expect(add.getByText('Images 1 × 16 × 16')).toBeVisible()
  await add.getByLabel('Run name of the student').fill('as-released-alone')
  await store(page)
  const { runs } = await (await page.request.get('/api/v1/runs')).json()
  const run = runs.find(({ name }: { name: string }) => name === 'as-released-alone')
  expect(run.checkpoints.map(({ step }: { step: number }) => step)).toEqual([400])
})

test('a list of ermongroup/ddim holds raw weights and their average', async ({ page }) => {
  const add = await drop(page, [`${real}/ddim_mnist/ckpt_782.pth`])
  await expect(add.getByRole('row', { name: /^teacher ckpt_782\.pth.* 782 ddim/ })).toBeVisible()
  await expect(add.getByLabel('Network of the teacher')).toHaveValue('4/')
  await expect(add.getByText(/assuming image size 32/)).toBeVisible()
  await add.getByLabel('Image size').fill('16')
  await add.getByLabel('Image size').press('Enter')
  await add.getByLabel('Run name of the teacher').fill('ddim-16')
  await store(page)
  await agreesWithCli(page, 'ddim-16', { teacher: [`${real}/ddim_mnist/ckpt_782.pth`, 'ema'] })
})

test('three steps of a training in full precision become one run', async ({ page }) => {
  const add = await drop(
    page,
    [300, 1500, 5700].map((step) => `${real}/ddim_mnist_timeblind/ckpt_${step}.pth`),
  )
  await expect(add.getByRole('heading', { name: '3 checkpoints in full precision' })).toBeVisible()
  await add.getByLabel('What ckpt_1500.pth is').selectOption('left out')
  await add.getByLabel('Image size').fill('16')
  await add.getByLabel('Image size').press('Enter')
  await add.getByLabel('Run name of the teacher').fill('timeblind')
  await add.getByRole('button', { name: 'Store them' }).click()
  await expect(add.getByText('2 of 2 checkpoints are stored')).toBeVisible({ timeout: 300_000 })
})

async function drop(page: Page, files: string[]) {
  await page.goto('/')
  await page.locator('input[type=file]').setInputFiles(files)
  return page.getByRole('region', { name: 'Add checkpoints' })
}

async function store(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^(Diagnose and store|Store as a teacher)$/ }).click()
  await expect(page.getByText(/is stored, step \d+/)).toBeVisible({ timeout: 300_000 })
}

type Networks = Partial<Record<'teacher' | 'student', [file: string, network: string]>>

/** Draws on the Sample page and with the CLI from the same noise: the same images, and no noise any more. */
async function agreesWithCli(page: Page, run: string, networks: Networks): Promise<void> {
  await page.goto(`/r/${run}/sample?steps=${steps}&n=${images}`)
  await expect(page.getByRole('button', { name: 'Save tensors' })).toBeVisible({ timeout: 120_000 })
  const started = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save tensors' }).click()
  const drawn = await (await started).path()
  const folder = mkdtempSync(path.join(tmpdir(), 'signscope-e2e-'))
  for (const [role, [file, network]] of Object.entries(networks)) {
    const out = path.join(folder, `${role}.safetensors`)
    const config = path.join(folder, 'config.json')
    writeFileSync(config, JSON.stringify(file.endsWith('.pth') ? ddimConfig : ldmConfig))
    const options = ['--seed', '7', '--steps', `${steps}`, '--images', `${images}`, '--out', out]
    execFileSync(process.execPath, [
      ...['--import', 'tsx', 'lib/cli/main.ts', 'sample', file],
      ...['--network', network, '--config', config, ...options],
    ])
    const [byCli, byPage] = [await read(out, 'x_final'), await read(drawn, `${role}.x_final`)]
    const noise = startingNoise(7, images, 16 * 16)
    expect(relative(byPage, byCli)).toBeLessThanOrEqual(role === 'student' ? 0.1 : 1e-4)
    expect(relative(byPage, noise)).toBeGreaterThan(0.5)
  }
  rmSync(folder, { recursive: true })
}

async function read(file: string, name: string): Promise<Float32Array> {
  const source = await openFileSource(file)
  try {
    return (await (await openTensors(source)).read(name)).data
  } finally {
    await source.close()
  }
}

/** Euclidean distance relative to the length of b. */
function relative(a: Float32Array, b: Float32Array): number {
  let [difference, length] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2
    length += b[i]! ** 2
  }
  return Math.sqrt(difference / length)
}
