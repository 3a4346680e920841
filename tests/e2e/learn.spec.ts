import { expect, test } from '@playwright/test'
import { firstRow, rowFit } from '../../app/_learn/weight-row'
import { violations } from './axe'

test('ask what a measure is where it stands, by keyboard, and go back to it', async ({ page }) => {
  await page.goto('/r/mnist-lmb')
  const word = page.getByRole('button', { name: 'colour: what is SQNR?' })
  const explanation = page.getByRole('dialog', { name: 'colour: what is SQNR?' })
  await expect(async () => {
    await word.focus()
    if (!(await explanation.isVisible())) await page.keyboard.press('Enter')
    await expect(explanation.getByRole('heading', { name: 'SQNR' })).toBeVisible({ timeout: 5000 })
  }).toPass()
  await expect(explanation.locator('math')).toContainText('log')
  await expect(explanation.getByText('dB, higher is better ↑')).toBeVisible()
  expect(await violations(page)).toEqual([])

  await page.keyboard.press('Tab')
  const arrow = explanation.getByRole('slider', { name: /^The student’s output/ })
  await expect(arrow).toBeFocused()
  const before = await arrow.getAttribute('aria-valuetext')
  await page.keyboard.press('ArrowUp')
  await expect(arrow).not.toHaveAttribute('aria-valuetext', before!)
  await page.keyboard.press('Escape')
  await expect(explanation).toHaveCount(0)
  await expect(word).toBeFocused()

  // Enter on a word in the map explains it and opens no layer
  const flips = page.getByRole('columnheader', { name: 'Flips' }).getByRole('button')
  await flips.focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('dialog', { name: 'Flips' }).locator('math')).toBeVisible()
  await page.mouse.click(5, 5)
  await expect(page.getByRole('dialog')).toHaveCount(0)
  await expect(page).toHaveURL(/\/r\/mnist-lmb$/)
})

test('move a weight with arrow keys and by dragging, and see what one and two bases make of it', async ({
  page,
}) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'Learn', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Learn', level: 1 })).toBeVisible()
  const row = page.getByRole('slider', { name: /^One row of weights/ }).first()
  const picture = page.locator('.live-picture').filter({ has: row }).first()
  const sqnr = (name: string) => picture.getByRole('row', { name }).getByRole('cell').nth(1)
  const expected = (weights: readonly number[], bases: 1 | 2) =>
    rowFit(Float32Array.from(weights), bases).sqnr!.toFixed(1)
  await expect(sqnr('sign, one basis')).toHaveText(expected(firstRow, 1))
  await expect(sqnr('two bases')).toHaveText(expected(firstRow, 2))

  // the fifth weight, far down: as the page listens it is moved step by step
  await row.focus()
  await page.keyboard.press('Shift+ArrowDown')
  for (let i = 0; i < 7; i++) await page.keyboard.press('Shift+ArrowDown')
  const moved = firstRow.map((w, i) => (i === 4 ? -0.4 : w))
  await expect(row).toHaveAttribute('aria-valuetext', /^weight 5 of 14: −0\.40/)
  await expect(sqnr('sign, one basis')).toHaveText(expected(moved, 1))
  await expect(sqnr('two bases')).toHaveText(expected(moved, 2))

  const { x, y, width, height } = (await row.boundingBox())!
  await page.mouse.move(x + width - 20, y + height / 2)
  await page.mouse.down()
  await page.mouse.move(x + width - 20, y + 4)
  await page.mouse.up()
  await expect(row).toHaveAttribute('aria-valuetext', /^weight 14 of 14: 2\.00/)
  await expect(sqnr('two bases')).toHaveText(
    expected(
      moved.map((w, i) => (i === 13 ? 2 : w)),
      2,
    ),
  )
})

test('take the tour that a first visit is offered, from the list of runs to a sample, and find it again', async ({
  page,
}) => {
  await page.goto('/?q=mnist')
  const offer = page.getByRole('button', { name: 'One-minute tour' })
  const tour = page.getByRole('complementary', { name: 'Tour' })
  await offer.click()
  await expect(tour).toContainText('1 of 6')
  await expect(page.locator('tr[data-toured]')).toContainText('mnist-baseline')
  expect(await violations(page)).toEqual([])

  const next = async (stop: number, mark: string, words: string) => {
    await tour.getByRole('link', { name: /^Next/ }).click()
    await expect(tour).toContainText(`${stop} of 6`)
    await expect(page.locator('[data-toured]')).toContainText(words)
    await expect(page.locator('[data-toured]')).toHaveCount(1)
    await expect(page.locator(`${mark}[data-toured]`)).toBeInViewport()
  }
  await next(2, '.opening', 'mean output SQNR')
  await next(3, 'tr', '.')
  await expect(page.getByRole('button', { name: 'worst first' })).toHaveAttribute('aria-pressed', 'true')
  await expect(page.locator('.sheet tr[data-layer]').first()).toHaveAttribute('data-toured', '')
  const worst = await page.locator('tr[data-toured]').getByRole('link').getAttribute('title')
  await expect(tour).toBeFocused()
  await next(4, '.card', 'residual energy')
  await expect(page.getByRole('heading', { name: worst!, level: 1 })).toBeVisible()
  await next(5, '.card', 'Layers ranked by change')
  await next(6, '.card', 'Same noise')
  await tour.getByRole('link', { name: /^Done/ }).click()
  await expect(page.getByRole('heading', { name: 'Learn', level: 1 })).toBeVisible()
  await expect(tour).toHaveCount(0)

  // it is offered once; who wants it again finds it here
  await page.getByRole('link', { name: 'Runs', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Runs', level: 1 })).toBeVisible()
  await expect(offer).toHaveCount(0)
  await page.goto('/learn')
  await page.getByRole('link', { name: /^One-minute tour/ }).click()
  await expect(tour).toContainText('1 of 6')
  await tour.getByRole('button', { name: 'End the tour' }).click()
  await expect(tour).toHaveCount(0)
})
