import { expect, type Page, test } from '@playwright/test'
import { makeServer } from '../unit/api/server'
import { sampleTeacher, sampleUpload } from '../unit/store/sample-upload'
import { violations } from './axe'

const students = 230

/** Names of the runs listed, from the top. */
const names = (page: Page) => page.locator('.runs-table tbody .run-link').allInnerTexts()

test('page through 231 runs, sort them, filter them, pick two on different pages and share the view', {
  tag: '@long',
}, async ({ page }) => {
  test.setTimeout(240_000)
  const server = await makeServer()
  try {
    await server.start()
    const send = async (upload: ReturnType<typeof sampleUpload>) =>
      expect((await page.request.post(`${server.url}/api/v1/checkpoints`, { data: upload })).status()).toBe(
        201,
      )
    await send(sampleTeacher())
    for (let i = 1; i <= students; i++) {
      const upload = sampleUpload({ name: `student-${i}`, step: 100 })
      const diagnosis = {
        ...upload.diagnosis,
        output: { sqnr: [i / 10, null, i / 10], cosine: [0.5, null, 1] },
      }
      const method = i % 10 === 0 ? 'ebb' : 'lmb'
      await send({ ...upload, run: { ...upload.run, method }, diagnosis })
    }

    await page.goto(server.url)
    await expect(page.getByText(/1 teacher, 230 students · 50 of 231 shown/)).toBeVisible()
    const seen = await names(page)
    expect(seen.slice(0, 2)).toEqual(['teacher', 'student-230'])
    for (const [number, range] of [
      [2, '51–100'],
      [3, '101–150'],
      [4, '151–200'],
      [5, '201–231'],
    ] as const) {
      await page.getByRole('link', { name: 'next ›' }).click()
      await expect(page.getByText(`${range} of 231, page ${number} of 5`)).toBeVisible()
      seen.push(...(await names(page)))
    }
    expect(seen).toHaveLength(students + 1)
    expect(new Set(seen).size).toBe(students + 1)
    await expect(page.getByRole('link', { name: 'next ›' })).toHaveCount(0)

    // picked here and on another page
    await page.getByLabel('Pick student-1 to compare').check()
    await page.getByRole('button', { name: 'Last, dB ↑' }).click()
    await expect(page.getByText('1–50 of 231, page 1 of 5')).toBeVisible()
    expect((await names(page)).slice(0, 3)).toEqual(['student-230', 'student-229', 'student-228'])
    await expect(page.getByRole('columnheader', { name: 'Last, dB ↑' })).toHaveAttribute(
      'aria-sort',
      'descending',
    )
    await page.getByLabel('Pick student-230 to compare').check()
    await expect(page.getByRole('region', { name: 'Picked runs' })).toContainText('Compare 2')
    await page.getByRole('button', { name: 'Last, dB ↑' }).click()
    await expect(page.getByRole('link', { name: 'student-1', exact: true })).toBeVisible()
    expect((await names(page)).slice(0, 2)).toEqual(['student-1', 'student-2'])

    // a filter starts on the first page, and what a link says is what it shows
    await page.getByLabel('Filter runs').fill('method:ebb')
    await expect(page.getByText('23 of 231 shown')).toBeVisible()
    await expect(page).toHaveURL(/q=method:ebb/)
    await page.reload()
    expect((await names(page)).slice(0, 2)).toEqual(['student-10', 'student-20'])
    await page.getByRole('button', { name: 'Share view' }).click()
    await page.getByRole('button', { name: 'Make link' }).click()
    const link = await page.getByLabel('Short link').inputValue()
    await page.goto(link)
    await expect(page.getByText(/frozen view/)).toBeVisible()
    const frozen = await names(page)
    expect(frozen).toHaveLength(23)
    expect(frozen.slice(0, 2)).toEqual(['student-10', 'student-20'])

    await page.goto(`${server.url}/?page=2&order=-name`)
    expect((await names(page)).slice(0, 1)).toEqual(['student-181'])
    expect(await violations(page)).toEqual([])
    await page.getByRole('link', { name: 'student-181' }).click()
    await expect(page.getByRole('heading', { name: 'student-181', level: 1 })).toBeVisible()
    await page.goto(`${server.url}/r/teacher`)
    await expect(page.getByText('The 100 last changed of 230.')).toBeVisible()
    await page.getByRole('link', { name: '230', exact: true }).click()
    await expect(page.getByText('50 of 231 shown')).toBeVisible()
    await expect(page.getByText('1–50 of 230 that match, page 1 of 5')).toBeVisible()
  } finally {
    await server.remove()
  }
})
