import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, type Page, test } from '@playwright/test'

/** Shares what the page shows, opens the link and saves it as a file. */
async function saveStill(page: Page, to: string): Promise<{ file: string; name: string; charts: number }> {
  await page.getByRole('button', { name: 'Share view' }).click()
  await page.getByRole('button', { name: 'Make link' }).click()
  await page.goto(await page.getByLabel('Short link').inputValue())
  await expect(page.getByText(/frozen view/i)).toBeVisible()
  await expect(page.locator('section.chart').first()).toBeVisible()
  await page.waitForLoadState('networkidle')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save as file' }).click(),
  ])
  await download.saveAs(to)
  return { file: to, name: download.suggestedFilename(), charts: await page.locator('section.chart').count() }
}

const views = {
  run: '/r/mnist-lmb?t=500',
  layer: '/r/mnist-lmb/mid_block.attentions.0.to_v',
  compare: '/compare?r=mnist-baseline,mnist-lmb',
}

for (const [what, address] of Object.entries(views))
  test(`a frozen ${what} saved as a file opens from disk and asks for nothing, in both themes`, async ({
    page,
    browser,
  }, info) => {
    await page.goto(address)
    await expect(page.locator('section.chart').first()).toBeVisible()
    const { file, name, charts } = await saveStill(page, info.outputPath(`${what}.html`))
    expect(name).toMatch(/^mnist-.*-view-\d{4}-\d\d-\d\d\.html$/)
    const html = await readFile(file, 'utf8')
    expect(html).not.toMatch(/<script|<form|<iframe|@import|\son\w+=/i)
    expect(html.match(/\b(?:src|href)="(?!data:)[^"]*"/g)).toBeNull()

    const seen: Buffer[] = []
    for (const colorScheme of ['light', 'dark'] as const) {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1280, height: 900 } })
      const visit = await context.newPage()
      const asked: string[] = []
      const faults: string[] = []
      visit.on('request', (request) => asked.push(request.url()))
      visit.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
      await visit.goto(pathToFileURL(path.resolve(file)).href)
      await visit.waitForLoadState('networkidle')
      expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([
        pathToFileURL(path.resolve(file)).href,
      ])
      expect(faults).toEqual([])
      const drawn = visit.locator('section.chart')
      await expect(drawn).toHaveCount(charts)
      for (const chart of await drawn.all()) {
        await expect(chart.locator('.plot svg').first()).toBeVisible()
        await expect(chart.locator('details table')).toHaveCount(1)
      }
      const unseen = await visit
        .locator('img')
        .evaluateAll(
          (images) => images.filter((image) => (image as HTMLImageElement).naturalWidth === 0).length,
        )
      expect(unseen).toBe(0)
      await expect(visit.getByText(/^A still of a view shared \d{4}-/)).toBeVisible()
      await expect(visit.getByText(/^[0-9a-f]{64}$/).first()).toBeVisible()
      seen.push(
        await visit.screenshot({ path: info.outputPath(`${what}-${colorScheme}.png`), fullPage: true }),
      )
      await context.close()
    }
    expect(seen[0]!.equals(seen[1]!)).toBe(false)
  })
