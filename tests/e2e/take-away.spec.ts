import { readFile } from 'node:fs/promises'
import { expect, type Locator, type Page, test } from '@playwright/test'

/** What a file says of itself once it is parsed as XML. */
type Parsed = { faults: number; shapes: number; images: number; text: string; foreign: string[] }

const kinds = ['SVG', 'PNG', 'CSV', 'LaTeX table'] as const

async function saved(page: Page, chart: Locator, kind: (typeof kinds)[number]) {
  await chart.getByRole('button', { name: /^Save / }).click()
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name: kind }).click(),
  ])
  return { name: file.suggestedFilename(), bytes: await readFile(await file.path()) }
}

/** Parses the SVG in the browser and counts what it holds; `foreign` is whatever would need the page or the network. */
function parsed(page: Page, svg: string): Promise<Parsed> {
  return page.evaluate((source) => {
    const file = new DOMParser().parseFromString(source, 'image/svg+xml')
    const all = [...file.querySelectorAll('*')]
    const values = all.flatMap((e) => [...e.attributes]).filter(({ name }) => !name.startsWith('xmlns'))
    return {
      faults: file.querySelectorAll('parsererror').length,
      shapes: file.querySelectorAll('path, circle, rect, line').length,
      images: file.querySelectorAll('image').length,
      text: [...file.querySelectorAll('text')].map((e) => e.textContent).join(' '),
      foreign: [
        ...all.filter((e) => /^(foreignObject|script|style|use|a)$/.test(e.nodeName)).map((e) => e.nodeName),
        ...values
          .filter(({ name, value }) =>
            name === 'href'
              ? !/^data:image\/png;base64,/.test(value)
              : /var\(|light-dark\(|https?:|url\((?!#)/.test(value) ||
                name === 'class' ||
                name.startsWith('on'),
          )
          .map(({ name, value }) => `${name}=${value.slice(0, 60)}`),
      ],
    }
  }, svg)
}

/** Takes every chart of the page away in every form. */
async function checkCharts(page: Page, subject: RegExp): Promise<void> {
  const charts = page.locator('section.chart')
  await expect(charts.first()).toBeVisible()
  for (const chart of await charts.all()) {
    const heading = (await chart.getByRole('heading').first().textContent())!
    const marks = await chart.locator('.plot').evaluate((plot) => ({
      shapes: [...plot.querySelectorAll('svg :is(path, circle, rect, line)')].filter(
        (e) => !e.closest('button'),
      ).length,
      canvases: plot.querySelectorAll('canvas').length,
      words: [...plot.querySelectorAll('svg text, .colour-legend span, .run-legend .run-name')].flatMap(
        (e) => (e.checkVisibility() ? (e.textContent ?? '').trim().split(/\s+/) : []),
      ),
    }))
    const svg = await saved(page, chart, 'SVG')
    expect(svg.name).toMatch(/\.svg$/)
    expect(svg.name).toMatch(subject)
    const inside = await parsed(page, svg.bytes.toString('utf8'))
    expect(inside, heading).toMatchObject({ faults: 0, images: marks.canvases, foreign: [] })
    expect(inside.shapes, heading).toBeGreaterThan(marks.shapes)
    expect(marks.shapes + marks.canvases, heading).toBeGreaterThan(0)
    const letters = inside.text.replaceAll(/\s/g, '')
    for (const word of [...heading.split(/\s+/).slice(0, 3), ...marks.words]) expect(letters).toContain(word)

    const png = await saved(page, chart, 'PNG')
    expect(png.name).toBe(svg.name.replace(/svg$/, 'png'))
    expect(png.bytes.subarray(1, 4).toString('latin1')).toBe('PNG')
    expect(png.bytes.readUInt32BE(16)).toBe(2 * Number(/width="(\d+)"/.exec(svg.bytes.toString('utf8'))![1]))

    const csv = (await saved(page, chart, 'CSV')).bytes.toString('utf8')
    const tex = await saved(page, chart, 'LaTeX table')
    expect(tex.name).toBe(svg.name.replace(/svg$/, 'tex'))
    const rows = tex.bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line.endsWith(' \\\\'))
    await chart.getByRole('button', { name: /^Table of / }).click()
    const shown = await chart.locator('.chart-table tr').count()
    await chart.getByRole('button', { name: /^Table of / }).click()
    expect(rows).toHaveLength(shown)
    expect(csv.trimEnd().split('\n').length).toBeGreaterThanOrEqual(shown)
  }
}

test('every chart of a run and of a layer is taken away as SVG, PNG, CSV and LaTeX', {
  tag: '@long',
}, async ({ page }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'mnist-lmb' }).click()
  await expect(page.getByRole('heading', { name: 'mnist-lmb', level: 1 })).toBeVisible()
  await checkCharts(page, /^mnist-lmb-step-\d+-/)
  await page.getByRole('row').getByRole('link').last().click()
  await expect(page.getByText(/^Numbers at t/).first()).toBeVisible()
  await checkCharts(page, /^mnist-lmb-step-\d+-/)
})

test('every chart of a comparison, of the list and of the results is taken away', { tag: '@long' }, async ({
  page,
}) => {
  await page.goto('/compare?r=mnist-baseline,mnist-lmb')
  await checkCharts(page, /^mnist-baseline@\d+-mnist-lmb@\d+-/)
  await page.goto('/')
  await checkCharts(page, /^[a-z-]+\.svg$/)
  await page.goto('/results')
  // named after the teacher, whose evaluations others may have stored
  await checkCharts(page, /^[a-z0-9]+-[a-z0-9-]+\.svg$/)
})

test('the picture of a chart cannot be saved while its table stands in its place', async ({ page }) => {
  await page.goto('/')
  await page.getByRole('link', { name: 'mnist-lmb' }).click()
  const chart = page.locator('section.chart').first()
  // the page listens once it runs its scripts
  await expect(async () => {
    if (!(await chart.locator('.chart-table').isVisible()))
      await chart.getByRole('button', { name: /^Table of / }).click()
    await expect(chart.locator('.chart-table')).toBeVisible({ timeout: 4000 })
  }).toPass()
  await chart.getByRole('button', { name: /^Save / }).click()
  const menu = page.getByRole('dialog')
  await expect(menu.getByRole('button', { name: 'SVG' })).toBeDisabled()
  await expect(menu.getByRole('button', { name: 'CSV' })).toBeEnabled()
})
