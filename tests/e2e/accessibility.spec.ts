import AxeBuilder from '@axe-core/playwright'
import { expect, type Page, test } from '@playwright/test'

/** Rule and element of every violation on the page: nothing here means axe found nothing. */
async function violations(page: Page): Promise<string[]> {
  const { violations: found } = await new AxeBuilder({ page }).analyze()
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`))
}

/** Opens the Runs page, then what its links lead to: a run, its first layer, the sampling, a comparison, and the results. */
async function eachPage(page: Page, check: (name: string) => Promise<void>): Promise<void> {
  await page.goto('/')
  await check('runs')
  for (const run of ['mnist-teacher', 'mnist-lmb']) {
    await page.goto('/')
    await page.getByRole('link', { name: run }).click()
    await expect(page.getByRole('heading', { name: run, level: 1 })).toBeVisible()
    await check(run)
    await page.getByRole('row').getByRole('link').last().click()
    await expect(page.getByText(/^Numbers (of the weights|at t)/).first()).toBeVisible()
    await check(`a layer of ${run}`)
  }
  await page.getByRole('link', { name: 'mnist-lmb' }).click()
  await page.getByRole('link', { name: 'Compare' }).click()
  await expect(page.getByRole('heading', { name: 'Layers ranked by change' })).toBeVisible()
  await check('compare')
  await page.getByRole('link', { name: 'Results' }).click()
  await expect(page.getByRole('heading', { name: 'Results', level: 1 })).toBeVisible()
  await check('results')
  await page.getByRole('button', { name: 'Share view' }).click()
  await expect(page.getByRole('button', { name: 'Make link' })).toBeVisible()
  await check('the Share panel')
  await page.getByRole('button', { name: 'Make link' }).click()
  const link = await page.getByLabel('Short link').inputValue()
  await page.getByRole('link', { name: 'Links made so far' }).click()
  await expect(page.getByRole('heading', { name: 'Shared links', level: 1 })).toBeVisible()
  await check('shared links')
  await page.goto(link)
  await expect(page.getByRole('heading', { name: 'What this link shows' })).toBeVisible()
  await check('a frozen view')
  await page.goto(`/s/${'A'.repeat(32)}`)
  await expect(page.getByRole('heading', { name: 'This link opens nothing' })).toBeVisible()
  await check('a link that opens nothing')
}

/** Contrast is a matter of the theme, what overflows one of the width: each is there once. */
const windows = [
  { colorScheme: 'light', width: 1440 },
  { colorScheme: 'dark', width: 390 },
] as const

for (const { colorScheme, width } of windows)
  test(`axe finds nothing on any page, ${colorScheme}, ${width} px wide`, async ({ browser }) => {
    test.setTimeout(240_000)
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
    const page = await context.newPage()
    const found: string[] = []
    await eachPage(page, async (name) => {
      found.push(...(await violations(page)).map((violation) => `${name}: ${violation}`))
      // a page never scrolls sideways
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (beyond > 0) found.push(`${name}: ${beyond} px wider than the window`)
    })
    expect(found).toEqual([])
    await context.close()
  })
