import { expect, test } from '@playwright/test'

test('the back button undoes what was chosen, one choice at a time, and leaves the page at the end', async ({
  page,
}) => {
  await page.goto('/')
  await page.goto('/r/mnist-lmb')
  await page.getByRole('radio', { name: 'local', exact: true }).click()
  await expect(page).toHaveURL(/[?&]e=local/)
  // what follows within half a second goes on with it, as a slider does
  await page.waitForTimeout(600)
  await page.getByRole('radio', { name: 'inherited', exact: true }).click()
  await expect(page).toHaveURL(/[?&]e=inherited/)

  await page.goBack()
  await expect(page.getByRole('radio', { name: 'local', exact: true })).toBeChecked()
  await page.goBack()
  await expect(page.getByRole('radio', { name: 'accumulated', exact: true })).toBeChecked()
  await expect(page).toHaveURL(/\/r\/mnist-lmb$/)
  await page.goBack()
  await expect(page).toHaveURL(/\/$/)
})

test('keys work while a box to tick has the focus', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('checkbox', { name: 'Pick mnist-baseline to compare' }).check()
  await page.getByRole('checkbox', { name: 'Pick mnist-lmb to compare' }).check()
  await page.keyboard.press('c')
  await expect(page).toHaveURL(/\/compare\?/)
})
