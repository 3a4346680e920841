import { expect, type Page, test } from '@playwright/test'
import { violations } from './axe'

/**
 * Opens the Runs page, then what its links lead to: a run, its first layer, a comparison, the sampling and the results; then what
 * explains, the page that is not there, the one to sign in, the jump palette, and the frozen view of each page that can be shared.
 */
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

  await page.goto('/learn')
  await expect(page.getByRole('heading', { name: 'Learn', level: 1 })).toBeVisible()
  await check('learn')
  await page.goto('/r/no-such-run')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await check('not found')
  await page.goto('/sign-in')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  await check('sign in')

  const shareable = [
    '/',
    '/r/mnist-lmb',
    '/r/mnist-lmb/up_blocks.0.resnets.0.conv1',
    '/compare?r=mnist-baseline@1000,mnist-lmb@1000',
    '/r/mnist-lmb/sample?steps=4&n=4',
  ]
  for (const address of shareable) {
    await page.goto(address)
    await expect(async () => {
      // what is pressed before the page listens does nothing
      if (!(await page.getByRole('button', { name: 'Make link' }).isVisible()))
        await page.getByRole('button', { name: 'Share view' }).click()
      await page.getByRole('button', { name: 'Make link' }).click({ timeout: 2000 })
    }).toPass()
    await page.goto(await page.getByLabel('Short link').inputValue())
    await expect(page.getByText(/frozen view/i).first()).toBeVisible()
    await check(`frozen ${address}`)
  }

  await page.goto('/r/mnist-lmb')
  await expect(async () => {
    await page.keyboard.press('Control+k')
    await expect(page.getByRole('option').first()).toBeVisible({ timeout: 1000 })
  }).toPass()
  await check('jump palette')
}

for (const width of [1440, 390])
  test(`axe finds nothing on any page in either theme, ${width} px wide`, {
    tag: width === 390 ? '@long' : [],
  }, async ({ browser }) => {
    test.setTimeout(480_000)
    const context = await browser.newContext({ colorScheme: 'light', viewport: { width, height: 900 } })
    const page = await context.newPage()
    const found: string[] = []
    await eachPage(page, async (name) => {
      const faults = await violations(page)
      // the theme changes colours and nothing else
      await page.emulateMedia({ colorScheme: 'dark' })
      const dark = await violations(page, ['color-contrast', 'link-in-text-block'])
      faults.push(...dark.map((fault) => `dark: ${fault}`))
      await page.emulateMedia({ colorScheme: 'light' })
      found.push(...faults.map((fault) => `${name}: ${fault}`))
      // a page never scrolls sideways
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
      if (beyond > 0) found.push(`${name}: ${beyond} px wider than the window`)
    })
    expect(found).toEqual([])
    await context.close()
  })
