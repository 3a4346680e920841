import { expect, test } from '@playwright/test'
import { violations } from './axe'

const layer = 'mid_block.resnets.0.conv2'

test.beforeEach(({ page }) => page.setViewportSize({ width: 1440, height: 900 }))

test('read how well the bases of a layer hold its weights, and what moved since the start', async ({
  page,
}) => {
  await page.goto(`/r/mnist-baseline/${layer}`)
  const numbers = page.getByRole('region', { name: 'How well the bases hold the weights' })
  await expect(numbers.getByRole('row', { name: /residual energy.*Σ/ })).toContainText(/\d\s%\D*\d+\s%/)
  await expect(numbers.getByRole('row', { name: /latent weights near zero/ })).toContainText('6.4 %')
  const moved = page.getByRole('region', { name: 'What moved during training' })
  const table = moved.getByRole('table').last()
  await expect(table.getByRole('row')).toHaveCount(5)
  await expect(table.getByRole('row', { name: /^1,000/ })).toContainText(/\d\s%.*\d+: .*%/)
  expect(await violations(page)).toEqual([])

  // an arrow moves the channel in every chart of the page
  await page.getByRole('group', { name: /Share of signs \+1/ }).press('ArrowRight')
  await expect(page).toHaveURL(/ch=1/)
  await expect(page.getByRole('group', { name: /What the scales of 64 channels/ })).toHaveAccessibleName(
    /channel 1 selected/,
  )
  // a step of the charts leads to its checkpoint
  await moved.getByRole('group', { name: /flipped between/ }).press('ArrowLeft')
  await expect(page).toHaveURL(/c=200/)
  await expect(moved.getByRole('row', { name: /^200/ })).toHaveClass('picked')
})

test('packed checkpoints say that they hold no latent weights', async ({ page }) => {
  await page.goto(`/r/mnist-lmb/${layer}`)
  await expect(page.getByText('Latent weights at the ends of the estimator: not stored')).toBeVisible()
  await expect(page.getByText('which this checkpoint does not store (packed)')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Left on the table' })).toBeVisible()
})

test('a teacher’s layer and a kept one have no bases', async ({ page }) => {
  for (const [run, of] of [
    ['mnist-teacher', layer],
    ['mnist-lmb', 'conv_in'],
  ]) {
    await page.goto(`/r/${run}/${of}`)
    await expect(page.getByRole('heading', { name: 'No bases' })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'What moved during training' })).toHaveCount(0)
  }
})

test('the run names the layers that stand out, with the reason', async ({ page }) => {
  await page.goto('/r/mnist-baseline')
  const standing = page.getByRole('region', { name: 'Which layer stands out' })
  const first = standing.getByRole('row').nth(1)
  await expect(first).toContainText(/median .*next /)
  const name = (await first.getByRole('link').textContent()) ?? ''
  await first.getByRole('link').click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
})

test('on a phone the layers that stand out are read without scrolling sideways', async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 })
  await page.goto('/r/mnist-lmb')
  const standing = page.getByRole('region', { name: 'Which layer stands out' })
  await expect(standing.getByRole('link').first()).toBeVisible()
  const wider = await standing
    .locator('.table-scroll')
    .evaluate((element) => element.scrollWidth - element.clientWidth)
  expect(wider).toBe(0)
})

test('a slider, a choice and a key from before the page’s code had come count', async ({ page }) => {
  let letCome = () => {}
  const moved = new Promise<void>((resolve) => {
    letCome = resolve
  })
  await page.route('**/*.js', async (route) => {
    await moved
    await route.continue()
  })
  await page.goto('/r/mnist-lmb', { waitUntil: 'commit' })
  const slider = page.getByRole('slider', { name: 'Axes kept, per cent of the channels' })
  await slider.press('Home')
  await page.getByRole('radio', { name: 'local' }).click()
  await page.keyboard.press('m')
  await expect(page.getByText('25 % of the channels, as in training')).toBeVisible()
  letCome()
  await expect(page.getByText('axes kept 1 % of the channels')).toBeVisible()
  await expect(page.getByRole('radio', { name: 'local' })).toBeChecked()
  await expect(page.getByRole('radio', { name: 'cosine ↑', exact: true })).toBeChecked()
})
