import { expect, test } from '@playwright/test'
import { makeServer } from '../unit/api/server'

test('a page runs isolated, under its content policy, without an error in the console', async ({ page }) => {
  const errors: string[] = []
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('pageerror', (error) => errors.push(String(error)))
  const answer = await page.goto('/', { waitUntil: 'networkidle' })
  expect(answer!.status()).toBe(200)
  expect(await page.evaluate(() => window.crossOriginIsolated)).toBe(true)
  const policy = answer!.headers()['content-security-policy']!
  expect(policy).toMatch(/script-src 'self' 'nonce-[^']+' 'wasm-unsafe-eval';/)
  expect(errors).toEqual([])
})

test('inline scripts without the nonce of the page do not run', async ({ page }) => {
  await page.goto('/')
  await page.evaluate(() => {
    const script = document.createElement('script')
    script.textContent = 'document.title = "injected"'
    document.body.append(script)
  })
  expect(await page.title()).not.toBe('injected')
})

test('a share link leaks neither into referrers nor into search engines nor into caches', async ({
  request,
}) => {
  const headers = (await request.get('/s/unknown')).headers()
  expect(headers['referrer-policy']).toBe('no-referrer')
  expect(headers['x-robots-tag']).toContain('noindex')
  expect(headers['cache-control']).toContain('no-store')
  expect(await (await request.get('/robots.txt')).text()).toContain('Disallow: /s/')
})

test('the server does not say what it runs on, and answers only to its own names', async ({ request }) => {
  const headers = (await request.get('/api/v1/health')).headers()
  expect(headers['x-powered-by']).toBeUndefined()
  expect(headers['x-content-type-options']).toBe('nosniff')
  for (const path of ['/', '/api/v1/runs', '/s/unknown'])
    expect((await request.get(path, { headers: { host: 'rebound.example' } })).status()).toBe(421)
})

test('a private server asks for a token, tells a wrong one, and leads back to the page that was asked for', async ({
  page,
}) => {
  const server = await makeServer({
    SIGNSCOPE_TOKEN: 'token-of-writers',
    SIGNSCOPE_READ_TOKEN: 'token-of-readers',
  })
  try {
    await server.start()
    const headers = { authorization: 'Bearer token-of-writers' }
    await page.request.post(`${server.url}/api/v1/runs`, { data: { name: 'secret-run' }, headers })
    await page.goto(`${server.url}/r/secret-run?m=cosine`)
    await expect(page).toHaveURL(/\/sign-in\?to=/)
    await page.getByLabel('Token').fill('guessed')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('alert').filter({ hasText: 'token' })).toHaveText('This token is not valid.')
    await page.getByLabel('Token').fill('token-of-readers')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await expect(page.getByRole('heading', { name: 'secret-run', level: 1 })).toBeVisible()
    expect(page.url()).toBe(`${server.url}/r/secret-run?m=cosine`)
  } finally {
    await server.remove()
  }
})
