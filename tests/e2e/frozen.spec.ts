import { expect, type Page, test } from '@playwright/test'

async function shareAndOpen(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Share view' }).click()
  await page.getByRole('button', { name: 'Make link' }).click()
  await page.goto(await page.getByLabel('Short link').inputValue())
  await expect(page.getByText(/frozen view/i)).toBeVisible()
}

test('a shared list of runs takes no files and picks nothing', async ({ page }) => {
  await page.goto('/')
  await expect(page.getByRole('checkbox').first()).toBeVisible()
  await shareAndOpen(page)
  await expect(page.getByRole('link', { name: 'mnist-lmb' })).toBeVisible()
  await expect(page.getByRole('checkbox')).toHaveCount(0)
  await expect(page.locator('input[type=file]')).toHaveCount(0)
})

test('a shared run stays on its checkpoint and leads to the layers of that one', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'mnist-lmb' }).click()
  const slider = page.getByRole('slider', { name: /Checkpoint by training step/ })
  await slider.press('Home')
  await expect(page).toHaveURL(/[?&]c=\d+/)
  const step = new URL(page.url()).searchParams.get('c')!
  await expect(slider).toHaveAttribute('aria-valuenow', step)
  await shareAndOpen(page)
  await expect(slider).toHaveAttribute('aria-valuenow', step)
  await slider.press('End')
  await page.keyboard.press(']')
  await expect(slider).toHaveAttribute('aria-valuenow', step)
  await page.getByRole('row').getByRole('link').first().click()
  await expect(page).toHaveURL(new RegExp(`[?&]c=${step}(&|$)`))
  await expect(page.getByText('Share view')).toBeVisible()
})

test('the keyboard map of a page lists what its keys do there', async ({ page }) => {
  await page.goto('/')
  const map = page.getByRole('dialog', { name: 'Keyboard map' })
  // the page listens once it runs its scripts
  await expect(async () => {
    await page.keyboard.press('?')
    await expect(map).toBeVisible({ timeout: 1000 })
  }).toPass()
  await expect(map.getByRole('row', { name: /^Filter/ })).toBeVisible()
  await expect(map.getByRole('row', { name: /^Checkpoint before/ })).toHaveCount(0)
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'mnist-lmb' }).click()
  await expect(page.getByRole('heading', { name: 'mnist-lmb', level: 1 })).toBeVisible()
  await page.keyboard.press('?')
  await expect(map.getByRole('row', { name: /^Checkpoint before/ })).toBeVisible()
  await expect(map.getByRole('row', { name: /^Filter/ })).toHaveCount(0)
  await page.keyboard.press('Escape')
  const theme = page.getByRole('button', { name: /^Theme/ })
  const before = await theme.getAttribute('aria-label')
  await page.keyboard.press('Shift+T')
  await expect(theme).not.toHaveAttribute('aria-label', before!)
})
