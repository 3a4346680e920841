import { expect, type Page, test } from '@playwright/test'

const protocol = {
  images: 64,
  seed: 7,
  set: 'e2e',
  split: 'test',
  width: 28,
  height: 28,
  channels: 1,
  features: 'penultimate layer of a small classifier',
  classifier: 'none, made for this test',
  classifierAccuracy: 0.5,
  pooledValues: 196,
  neighbours: 3,
  coverageNeighbours: 5,
}

type Stored = { name: string; checkpoints: { step: number; sha256: string }[] }

/** A row as `evaluate` writes it, of the last checkpoint of a run; the distance is the test's. */
function row(run: Stored, frechetDistance: number, changes: object = {}) {
  const { step, sha256 } = run.checkpoints.at(-1)!
  return {
    subject: 'checkpoint',
    run: run.name,
    step,
    sha256,
    teacherSha256: null,
    protocol,
    sampling: { sampler: 'ddim', steps: 25, eta: 0, schedule: 'ddim', clip: true },
    frechetDistance,
    precision: 0.5,
    recall: 0.5,
    coverage: 0.5,
    confidence: 0.5,
    classShares: [1],
    paired: null,
    ...changes,
  }
}

async function storedRun(page: Page, name: string): Promise<Stored> {
  const { runs } = (await (await page.request.get('/api/v1/runs')).json()) as { runs: Stored[] }
  return runs.find((run) => run.name === name)!
}

test('evaluations become a table of methods that leads back to their runs', async ({ page }) => {
  const [sign, lmb] = [await storedRun(page, 'mnist-baseline'), await storedRun(page, 'mnist-lmb')]
  const reference = { subject: 'real', run: null, step: null, sha256: null, sampling: null }
  const rows = [
    row(sign, 200),
    row(lmb, 80),
    row(lmb, 10, reference),
    row(sign, 300, { protocol: { ...protocol, images: 32 } }),
  ]
  expect((await page.request.put('/api/v1/evaluations', { data: rows })).ok()).toBe(true)
  await page.goto('/')
  await page.getByRole('link', { name: 'Results' }).click()
  await expect(page.getByRole('heading', { name: 'Results', level: 1 })).toBeVisible()
  const section = page.getByRole('region', { name: 'e2e', exact: true })
  await expect(section).toContainText('+ LMB comes nearest to real images: Frechet distance 80.0')
  await expect(section).toContainText('200.0 of the baseline, 10.0 of real images')
  // two protocols, two tables
  await expect(section).toContainText('measured under 2 protocols')
  const table = section.getByRole('table').first()
  await expect(table.getByRole('row', { name: /^Baseline/ })).toContainText('200.0')
  await expect(table.getByRole('row', { name: /^\+ LMB/ })).toContainText('80.0')
  await expect(table.getByRole('row', { name: /^Real training images/ })).toContainText('10.0')
  await expect(section.getByRole('table').filter({ hasText: '300.0' })).not.toContainText('80.0')
  // part by part, with the papers' direction
  const part = section.getByRole('row', { name: /^LMB/ })
  await expect(part).toContainText('LMB lowers the distance')
  await expect(part).toContainText('27.33 → 10.27')
  await table.getByRole('link', { name: 'mnist-lmb' }).click()
  await expect(page.getByRole('heading', { name: 'mnist-lmb', level: 1 })).toBeVisible()
})

test('the papers’ rows are marked as theirs, with their version', async ({ page }) => {
  await page.goto('/results')
  const papers = page.getByRole('region', { name: /^The papers’ rows/ })
  await expect(papers).toContainText('other data and networks')
  await expect(papers.getByText('Ablation on LSUN-Bedrooms, LDM-4, v1')).toBeVisible()
  await papers.getByText(/more rows/).click()
  await expect(papers.getByText('Methods on CIFAR-10, DDIM, v5')).toBeVisible()
})
