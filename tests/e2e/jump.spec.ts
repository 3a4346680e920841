import { expect, type Page, test } from '@playwright/test'

const field = (page: Page) => page.getByRole('combobox', { name: 'Jump to a run, checkpoint, layer or page' })

/** Opens the palette by its keys; the page listens once it runs its scripts. */
async function openByKeys(page: Page): Promise<void> {
  await expect(async () => {
    if (!(await field(page).isVisible())) await page.keyboard.press('Control+k')
    await expect(field(page)).toBeFocused({ timeout: 1000 })
  }).toPass()
}

test('jump to a run, one of its checkpoints and one of its layers by typing, and keep the view', async ({
  page,
}) => {
  await page.goto('/r/mnist-baseline?t=500&m=cosine')
  await openByKeys(page)
  await field(page).fill('mnist-lmb')
  const run = page.getByRole('option', { name: 'mnist-lmb student' })
  await expect(run).toBeVisible()
  await run.click()
  await expect(page.getByRole('heading', { name: 'mnist-lmb', level: 1 })).toBeVisible()
  await expect(page).toHaveURL(/\/r\/mnist-lmb\?t=500&m=cosine$/)
  await expect(page.getByText('Where it hurts at t = 500')).toBeVisible()

  // every word counts, in any order
  await openByKeys(page)
  await field(page).pressSequentially('200 lmb')
  await expect(page.getByRole('option', { name: 'mnist-lmb · step 200 checkpoint' })).toBeVisible()
  await expect(page.getByRole('option').first()).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/r\/mnist-lmb\?c=200&t=500&m=cosine$/)
  await expect(page.getByRole('slider', { name: /Checkpoint by training step/ })).toHaveAttribute(
    'aria-valuenow',
    '200',
  )

  await openByKeys(page)
  await field(page).pressSequentially('mid conv2')
  const layers = page.getByRole('option', { name: /^mid_block.* layer · mnist-lmb$/ })
  await expect(layers).toHaveCount(2)
  await expect(page.getByRole('status').filter({ hasText: '2 of 2 layers' })).toBeVisible()
  await page.keyboard.press('ArrowDown')
  const second = (await layers.nth(1).locator('.mono').textContent())!
  await expect(layers.nth(1)).toHaveAttribute('aria-selected', 'true')
  const id = await layers.nth(1).getAttribute('id')
  await expect(field(page)).toHaveAttribute('aria-activedescendant', id!)
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: second, level: 1 })).toBeVisible()
  await expect(page).toHaveURL(/\?c=200&t=500&m=cosine$/)
})

test('the jump palette has a button, closes with Escape and gives the focus back', async ({ page }) => {
  await page.goto('/results')
  const button = page.getByRole('button', { name: 'Jump to …' })
  await expect(async () => {
    await button.click()
    await expect(field(page)).toBeFocused({ timeout: 1000 })
  }).toPass()
  await field(page).fill('no-such-place')
  await expect(page.getByText('No place has all of these words.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(field(page)).toHaveCount(0)
  await expect(button).toBeFocused()

  // the keys, the letters and Enter at once, before any answer: it opens what the letters say
  await openByKeys(page)
  await page.keyboard.type('teacher 9000 mnist')
  await page.keyboard.press('Enter')
  await expect(page).toHaveURL(/\/r\/mnist-teacher\?c=9000$/)
})

test('a link goes to a layer and back with everything that was chosen', async ({ page }) => {
  await page.goto('/r/mnist-lmb?c=200&t=500&m=cosine&e=local&sort=worst&seed=9')
  const sheet = page.getByRole('region', { name: /^Layers × timesteps/ })
  const first = sheet.getByRole('row').getByRole('link').first()
  const id = (await first.getAttribute('title'))!
  await first.click()
  await expect(page.getByRole('heading', { name: id, level: 1 })).toBeVisible()
  await page
    .getByRole('link', { name: /^Layer after/ })
    .or(page.getByRole('link', { name: /^Layer before/ }))
    .first()
    .click()
  await expect(page.getByRole('heading', { name: id, level: 1 })).toHaveCount(0)
  await page.getByRole('navigation', { name: 'Breadcrumbs' }).getByRole('link', { name: 'mnist-lmb' }).click()
  await expect(page.getByText('Where it hurts at t = 500')).toBeVisible()
  await expect(page.getByRole('radio', { name: 'cosine ↑', exact: true })).toBeChecked()
  await expect(page.getByRole('radio', { name: 'local', exact: true })).toBeChecked()
  await expect(sheet.getByRole('button', { name: 'worst first' })).toHaveAttribute('aria-pressed', 'true')
  await page.getByRole('link', { name: 'Sample side by side' }).click()
  await expect(page.getByLabel('Seed', { exact: true })).toHaveValue('9')
  await expect(page).toHaveURL(/[?&]c=200&t=500/)
})
