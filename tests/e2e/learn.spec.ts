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
