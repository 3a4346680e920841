/** Every file of the corpus, sent to the server and read in the browser: the same verdict, in the same words. */
import { expect, test } from '@playwright/test'
import { judgedHere, judgedInBrowser } from '../corpus/in-browser'
import { uploadCorpus } from '../corpus/over-http'

test.describe.configure({ timeout: 600_000 })

test('the server keeps every legal file and nothing of any other, eight at a time', async ({
  request,
  baseURL,
}) => {
  expect(await uploadCorpus(baseURL!)).toEqual([])
  expect((await request.get('/api/v1/health')).status()).toBe(200)
})

test.describe('in the browser', () => {
  // the bundle is injected, which the pages' content policy would refuse
  test.use({ bypassCSP: true })

  test('the reader of dropped files says what the same reader says in Node, word by word', {
    tag: '@long',
  }, async ({ page }) => {
    await page.goto('/robots.txt')
    const judged = await judgedInBrowser(page)
    expect(judged.filter(({ wrong }) => wrong !== '')).toEqual([])
    expect(judged).toEqual(await judgedHere())
  })
})
