import { expect, type Page, test } from '@playwright/test'
import { violations } from './axe'

/** Step 0: binarized, not yet trained, so that no layer has grown used to what the others lost. */
const sample = '/r/mnist-lmb/sample?c=0&steps=10&n=9'

async function finished(page: Page): Promise<void> {
  for (const network of ['teacher', 'simulated', 'one bit'])
    await expect(page.getByText(`${network} 10 of 10 steps`)).toBeVisible({ timeout: 90_000 })
}

const whatIf = (page: Page) => page.getByRole('region', { name: 'What if a layer had another precision?' })
const figure = (page: Page, name: RegExp, column: number) =>
  whatIf(page).getByRole('row', { name }).getByRole('cell').nth(column)

/** "12.6 dB" -> 12.6 */
const decibels = async (page: Page, column: number) =>
  Number.parseFloat((await figure(page, /SQNR of the samples/, column).textContent())!.replace('−', '-'))

test('restore one layer and see the error fall, the ledger follow and the link keep it', async ({ page }) => {
  test.setTimeout(240_000)
  await page.goto(sample)
  await finished(page)
  const card = whatIf(page)
  await expect(card.getByText('Nothing is switched')).toBeVisible()
  const before = await decibels(page, 0)
  const bytes = (await figure(page, /packed file/, 0).textContent())!

  await card.getByRole('button', { name: /up_blocks\.1\.resnets\.1 / }).click()
  const weights = card.getByRole('radiogroup', { name: 'Weights of up_blocks.1.resnets.1.conv_shortcut' })
  await expect(weights.getByRole('radio', { name: '2' })).toBeChecked()
  await weights.getByRole('radio', { name: 'FP' }).click()
  await expect(page).toHaveURL(/[?&]sw=\d+:f/)
  await expect(card.getByText(/^Switching one layer wins [\d.]+\sdB for \+[\d.]+\sKiB\.$/)).toBeVisible({
    timeout: 90_000,
  })
  const after = await decibels(page, 1)
  expect(after).toBeGreaterThan(before)
  expect(await figure(page, /packed file/, 1).textContent()).not.toBe(bytes)
  await expect(page.getByText(/mnist-lmb with one layer switched/)).toBeVisible()

  // the same view from its address alone, with the same error
  const address = page.url()
  await page.goto('/')
  await page.goto(address)
  await finished(page)
  await expect(card.getByText('1 changed')).toBeVisible()
  expect(await decibels(page, 1)).toBe(after)

  await card.getByRole('button', { name: 'Reset to stored' }).click()
  await expect(page).not.toHaveURL(/sw=/)
  await expect(card.getByText('Nothing is switched')).toBeVisible()
  await expect.poll(() => decibels(page, 0), { timeout: 90_000 }).toBe(before)
})

/** Contrast is a matter of the theme, what overflows one of the width: each is there once. */
const windows = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 390 },
] as const

for (const { colorScheme, width } of windows)
  test(`axe finds nothing on a page with switches, ${colorScheme}, ${width} px wide`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
    const page = await context.newPage()
    await page.goto(`${sample}&sw=3-9:f;12:2a8`)
    await finished(page)
    await page.getByText('8 changed').click()
    expect(await violations(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBe(0)
    await context.close()
  })
