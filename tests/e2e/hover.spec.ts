import { expect, type Locator, type Page, test } from '@playwright/test'

const sheet = (page: Page) => page.getByRole('region', { name: /^Layers × timesteps/ })
const network = (page: Page) => page.getByRole('region', { name: /^Where it hurts/ })
const marked = (table: Locator) => table.locator('tr[data-hovered]')

/** The pointer comes to the middle of a place; again until the page listens. */
async function hoverUntil(place: Locator, seen: () => Promise<void>): Promise<void> {
  await expect(async () => {
    await place.hover({ timeout: 2000, position: { x: 3, y: 3 } })
    await seen()
    await place.page().mouse.move(0, 0)
    await place.hover({ timeout: 2000 })
  }).toPass()
}

test('point at a layer in the map: its row and its square in the U-Net are marked, and a row marks the square', async ({
  page,
}) => {
  await page.goto('/r/mnist-lmb')
  const map = sheet(page).locator('.heat-map')
  await hoverUntil(map, async () => {
    await expect(marked(sheet(page))).toHaveCount(1, { timeout: 1000 })
  })
  const id = (await marked(sheet(page)).getByRole('link').getAttribute('title'))!
  await expect(network(page).locator(`[data-hovered="${id}"]`)).toHaveCount(1)
  // the timestep of the map is marked in the curve above it, too
  const lines = sheet(page).locator('.hover-line')
  await expect(lines).toHaveCount(2)
  expect(await lines.nth(0).getAttribute('data-t')).toBe(await lines.nth(1).getAttribute('data-t'))

  // the same from the table, by pointer and by focus
  const row = sheet(page).getByRole('row', { name: /^mid_block\.resnets\.0\.conv1/ })
  await row.getByRole('rowheader').hover()
  await expect(network(page).locator('[data-hovered="mid_block.resnets.0.conv1"]')).toHaveCount(1)
  await page.mouse.move(0, 0)
  await expect(network(page).locator('[data-hovered]')).toHaveCount(0)
  await sheet(page).getByRole('link').nth(3).focus()
  await expect(network(page).locator('[data-hovered]')).toHaveCount(1)
  // nothing was selected by pointing
  await expect(page).toHaveURL(/\/r\/mnist-lmb$/)
})

test('point at a timestep: every chart over timesteps of the layer marks it', async ({ page }) => {
  await page.goto('/r/mnist-lmb/up_blocks.0.resnets.0.conv1')
  const first = page.getByRole('group', { name: /^Output SQNR of / }).locator('svg')
  await expect(first).toBeVisible()
  await hoverUntil(first, async () => {
    await expect(page.locator('.hover-line')).not.toHaveCount(0, { timeout: 1000 })
  })
  const lines = page.locator('.hover-line')
  const charts = page.getByRole('group').filter({ hasText: 'sampling runs this way' })
  expect(await charts.count()).toBeGreaterThan(2)
  await expect(lines).toHaveCount(await charts.count())
  const times = await lines.evaluateAll((all) => all.map((line) => (line as SVGElement).dataset.t))
  expect(new Set(times).size).toBe(1)
})

test('point at a layer of a comparison: its row and its place in the map are marked', async ({ page }) => {
  await page.goto('/compare?r=mnist-baseline@1000,mnist-lmb@1000')
  const ranked = page.getByRole('region', { name: 'Layers ranked by change' })
  const row = ranked.getByRole('row').nth(3)
  await hoverUntil(row.getByRole('rowheader'), async () => {
    await expect(ranked.locator('.hover-row')).toHaveCount(1, { timeout: 1000 })
  })
  await expect(marked(ranked)).toHaveCount(1)
  await expect(row).toHaveAttribute('data-hovered', 'true')
})

test('the small U-Net leads to other layers, by pointer and by arrows, with the view kept', async ({
  page,
}) => {
  await page.goto('/r/mnist-lmb/conv_in?t=500&e=local')
  const place = page.getByRole('group', { name: /^Place of conv_in in the U-Net/ })
  await place.getByRole('link', { name: 'mid_block.resnets.0.conv1', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'mid_block.resnets.0.conv1', level: 1 })).toBeVisible()
  await expect(page).toHaveURL(/\?t=500&e=local$/)
  const here = page.getByRole('link', { name: 'mid_block.resnets.0.conv1', exact: true })
  await here.focus()
  await page.keyboard.press('ArrowRight')
  const next = (await page.locator('a:focus').getAttribute('aria-label'))!
  expect(next).not.toBe('mid_block.resnets.0.conv1')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: next, level: 1 })).toBeVisible()
})
