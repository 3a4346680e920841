import { type Browser, expect, type Page, test } from '@playwright/test'

type Terms = { ends?: string; anonymous?: boolean }

/** Shares what the page shows and returns the link. */
async function share(page: Page, { ends, anonymous = false }: Terms = {}): Promise<string> {
  await page.getByRole('button', { name: 'Share view' }).click()
  if (ends) await page.getByLabel('It ends').selectOption(ends)
  if (anonymous) await page.getByRole('checkbox', { name: /^anonymous/ }).check()
  await page.getByRole('button', { name: 'Make link' }).click()
  return page.getByLabel('Short link').inputValue()
}

/** A reader of the link in a browser of their own; everything the server sent is kept. */
async function stranger(browser: Browser, link: string) {
  const page = await (await browser.newContext()).newPage()
  const bodies: string[] = []
  page.on('response', async (response) => {
    if (/html|json|x-component/.test(response.headers()['content-type'] ?? ''))
      bodies.push(await response.text().catch(() => ''))
  })
  const answer = await page.goto(link)
  return { page, bodies, status: answer!.status() }
}

test('opening the Share panel makes no link; the button does, and says when the link ends', async ({
  page,
}) => {
  await page.goto('/r/mnist-lmb')
  const asked: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/api/v1/shares')) asked.push(request.method())
  })
  await page.getByRole('button', { name: 'Share view' }).click()
  await expect(page.getByRole('button', { name: 'Make link' })).toBeVisible()
  expect(asked).toEqual([])
  await page.keyboard.press('Escape')
  await share(page, { ends: 'after 7 days' })
  expect(asked).toEqual(['POST'])
  await expect(page.getByText('It ends after 7 days')).toBeVisible()
})

test('a shared view names its files by their hashes and says that they are the same', async ({
  page,
  browser,
}) => {
  await page.goto('/r/mnist-lmb')
  const { page: visit } = await stranger(browser, await share(page, { ends: 'after 1 day' }))
  const row = visit.getByRole('row', { name: /mnist-lmb, step 1,000/ })
  await expect(row.getByText(/^[0-9a-f]{64}$/)).toBeVisible()
  await expect(row.getByText('the same file as when it was shared')).toBeVisible()
  await expect(visit.getByText(/ends \d{4}-/)).toBeVisible()
})

test('a link that is revoked in the list opens nothing any more', async ({ page, browser }) => {
  await page.goto('/results')
  await expect(page.getByRole('heading', { name: 'Results', level: 1 })).toBeVisible()
  const link = await share(page)
  const { page: visit } = await stranger(browser, link)
  await expect(visit.getByText(/frozen view/)).toBeVisible()
  await expect(visit.getByRole('table').first()).toBeVisible()
  await page.getByRole('link', { name: 'Links made so far' }).click()
  await expect(page.getByRole('heading', { name: 'Shared links', level: 1 })).toBeVisible()
  const row = page.getByRole('row', { name: /^Results/ }).first()
  await expect(row.getByText('once')).toBeVisible()
  await row.getByRole('button', { name: /^Revoke the link to Results/ }).click()
  await expect(row.getByText(/^revoked/)).toBeVisible()
  const after = await stranger(browser, link)
  expect(after.status).toBe(404)
  await expect(after.page.getByRole('heading', { name: 'This link opens nothing' })).toBeVisible()
})

for (const [what, address] of [
  ['run', '/r/mnist-lmb?t=500'],
  ['layer', '/r/mnist-lmb/mid_block.attentions.0.to_v'],
  ['comparison', '/compare?r=mnist-baseline,mnist-lmb'],
  ['list', '/'],
  ['results', '/results'],
] as const)
  test(`an anonymous ${what} is sent without a name of a run or a file`, async ({ page, browser }) => {
    await page.goto(address)
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    const { page: visit, bodies } = await stranger(browser, await share(page, { anonymous: true }))
    await expect(visit.getByText(/anonymous view/)).toBeVisible()
    await visit.waitForLoadState('networkidle')
    const sent = bodies.join('\n')
    expect(sent).toContain('student A')
    for (const name of ['mnist-lmb', 'mnist-baseline', 'mnist-teacher', 'mnist-v1', '.safetensors'])
      expect(sent, name).not.toContain(name)
    await expect(visit.locator('#content a[href]:not([href^="#"])')).toHaveCount(0)
  })

test('the Sample page, which runs the files, offers no anonymous link', async ({ page }) => {
  await page.goto('/r/mnist-lmb/sample')
  await page.getByRole('button', { name: 'Share view' }).click()
  await expect(page.getByRole('button', { name: 'Make link' })).toBeVisible()
  await expect(page.getByRole('checkbox', { name: /^anonymous/ })).toHaveCount(0)
})

/** What a chat tool reads of a page. */
async function previewOf(page: Page, address: string): Promise<Record<string, string>> {
  const answer = await page.request.get(address, { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0' } })
  const head = (await answer.text()).split('</head>')[0]!
  return Object.fromEntries(
    [...head.matchAll(/<meta property="(og:[^"]+)" content="([^"]*)"/g)].map(([, name, value]) => [
      name!,
      value!.replaceAll('&amp;', '&'),
    ]),
  )
}

test('a run and a frozen link have a preview with a picture; an anonymous one tells no name', async ({
  page,
}) => {
  const run = await previewOf(page, '/r/mnist-lmb')
  expect(run).toMatchObject({
    'og:title': 'mnist-lmb',
    'og:description': expect.stringMatching(/Step 1,000: [\d.]+.dB mean output SQNR/),
    'og:image:width': '1200',
  })
  await page.goto('/r/mnist-lmb')
  const link = await share(page, { anonymous: true })
  const shared = await previewOf(page, link)
  expect(shared['og:title']).toBe('student A')
  expect(JSON.stringify(shared)).not.toContain('mnist')
  for (const source of [run['og:image']!, shared['og:image']!]) {
    expect(source).toMatch(/^http:\/\/localhost:\d+\/api\/v1\/previews\?/)
    const picture = await page.request.get(source)
    expect(picture.headers()['content-type']).toBe('image/png')
    expect((await picture.body()).readUInt32BE(16)).toBe(1200)
  }
  expect(await previewOf(page, `/s/${'A'.repeat(32)}`)).not.toHaveProperty('og:title')
})
