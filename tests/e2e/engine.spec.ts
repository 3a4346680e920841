import { expect, type Locator, type Page, test, type Worker } from '@playwright/test'
import { violations } from './axe'

/** A student whose file holds its latent weights. */
const sample = '/r/mnist-baseline/sample?steps=5&n=4'

const speed = (page: Page) => page.getByRole('region', { name: 'Speed and size, measured in this browser' })
const row = (page: Page, name: string) => speed(page).getByRole('row', { name: new RegExp(`^${name}`) })

async function finished(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: 'Measure again' })).toBeVisible({ timeout: 60_000 })
}

/** "12.6 ms" -> 12.6 */
const figure = async (cell: Locator) => Number.parseFloat((await cell.textContent())!)

/** The student's pictures as they are painted. */
const pictures = (page: Page) =>
  page
    .locator('.tiles')
    .filter({ has: page.getByRole('radiogroup', { name: 'Images of the student' }) })
    .locator('canvas')
    .evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL())

test('run a student all three ways: read what each costs, what the engine draws, and take the link along', async ({
  page,
  browser,
}) => {
  await page.goto(sample)
  await finished(page)
  for (const name of ['Full precision', 'Simulated W1A4', 'True one bit']) {
    const cells = row(page, name).getByRole('cell')
    await expect(cells.nth(0)).toHaveText(/^[\d.]+\sms$/)
    await expect(cells.nth(1)).toHaveText(/^[\d.]+\s[KM]iB/)
    await expect(cells.nth(2)).toHaveText(/^[\d.]+\s[KM]iB$/)
    for (const ratio of [3, 4, 5]) await expect(cells.nth(ratio)).toHaveText(/^[\d.]+×$/)
  }
  const ratios = await Promise.all(
    ['Full precision', 'True one bit'].map((name) => figure(row(page, name).getByRole('cell').nth(4))),
  )
  // sizes are facts, unlike times: the engine gets it packed, several times smaller than its teacher
  expect(ratios[0]).toBe(1)
  expect(ratios[1]).toBeGreaterThan(4)
  await expect(page.getByText(/pictures differ in [\d,]+ of 3,136 pixels, by \d+ of 255/)).toBeVisible()

  const simulated = await pictures(page)
  await page.getByRole('radio', { name: 'one bit', exact: true }).click()
  await expect(page).toHaveURL(/[?&]way=engine/)
  await expect(page.getByRole('heading', { name: /Student.*one bit/ })).toBeVisible()
  await expect.poll(() => pictures(page)).not.toBe(simulated)
  const atOneBit = await pictures(page)

  // threads share out the same sums: the pictures stay as they are
  await page.goto(`${sample}&way=engine&threads=2`)
  await finished(page)
  await expect(page.getByRole('radiogroup', { name: 'Threads of the engine' })).toBeVisible()
  await expect(row(page, 'True one bit')).toContainText('2 threads')
  await expect.poll(() => pictures(page)).toBe(atOneBit)

  await page.getByRole('button', { name: 'Share view' }).click()
  await page.getByRole('button', { name: 'Make link' }).click()
  const link = await page.getByLabel('Short link').inputValue()
  const stranger = await browser.newContext()
  const visit = await stranger.newPage()
  await visit.goto(link)
  await finished(visit)
  await expect(visit.getByRole('radio', { name: 'one bit', exact: true })).toBeChecked()
  await expect.poll(() => pictures(visit)).toBe(atOneBit)
  await stranger.close()
})

test('a worker that breaks off is told, the others finish, and it draws again when asked to', async ({
  page,
}) => {
  await page.goto('/r/mnist-lmb/sample?steps=40&n=4')
  await expect(page.getByText(/one bit [1-9]\d* of 40 steps/)).toBeVisible({ timeout: 30_000 })
  const engine = await engineWorker(page)
  // a function that does nothing but trap, run in the worker: \0asm, one type, one function, exported as "f", unreachable
  await engine.evaluate(() => {
    const bytes = Uint8Array.of(
      ...[
        0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0,
        11,
      ],
    )
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports
    setTimeout(f as () => void)
  })
  const fault = page.getByRole('region', { name: 'Stopped: one bit' })
  await expect(fault.getByRole('alert')).toContainText('unreachable')
  await fault.getByRole('button', { name: 'Try again' }).click()
  await expect(fault).toBeHidden()
  await finished(page)
  for (const way of ['teacher', 'simulated', 'one bit'])
    await expect(page.getByText(`${way} 40 of 40 steps`)).toBeVisible()
  await expect(page.getByText(/pictures differ in|the same pictures, byte for byte/)).toBeVisible()
})

/** Its workers go by the names of the ways of running. */
async function engineWorker(page: Page): Promise<Worker> {
  for (const worker of page.workers())
    if ((await worker.evaluate(() => self.name)) === 'engine') return worker
  throw new Error('no worker runs the engine')
}

/** Contrast is a matter of the theme, what overflows one of the width: each is there once. */
const windows = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 390 },
] as const

for (const { colorScheme, width } of windows)
  test(`axe finds nothing on a page that ran all three ways, ${colorScheme}, ${width} px wide`, async ({
    browser,
  }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
    const page = await context.newPage()
    await page.goto(`${sample}&way=engine`)
    await finished(page)
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)
    await context.close()
  })
