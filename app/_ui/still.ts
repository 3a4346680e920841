/**
 * A page as it stands, as one HTML file that opens from disk and asks for nothing: styles, pictures and the numbers behind
 * the charts are in it, in both themes; controls are not.
 */
import { chartTables } from '../_charts/chart-tables'
import type { ChartTable } from '../_charts/data-table'
import { picturesOf } from '../_charts/paintings'
import { xmlText } from '../_charts/plain-paint'

export type StillWords = {
  title: string
  /** What the file is and when it was made. */
  notice: string
}

/** Makes the file of what `document` shows. Rejects if one of its pictures cannot be read or a chart does not come to life. */
export async function stillOf(page: Document, { title, notice }: StillWords): Promise<string> {
  const copies = await copiesOf(page)
  const width = Math.max(320, page.documentElement.clientWidth)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=${width}">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="referrer" content="no-referrer">
<title>${xmlText(title)}</title>
<link rel="icon" href="data:,">
<style>
${stylesOf(page)}
body { width: ${width}px; margin: 0 auto; }
.in-dark { display: none !important; }
@media (prefers-color-scheme: dark) {
  .in-light { display: none !important; }
  .in-dark { display: block !important; }
}
</style>
</head>
<body>
<header class="topbar"><div><span class="brand">Signscope</span><p class="caption">${xmlText(notice)}</p></div></header>
${copies.join('\n')}
</body>
</html>
`
}

/** The parts that are kept, with all rows of long tables, as when the page is printed. */
async function copiesOf(page: Document): Promise<string[]> {
  window.dispatchEvent(new Event('beforeprint'))
  try {
    await allCharts(page)
    return await Promise.all([...page.querySelectorAll('.contextbar, #content')].map(stillPart))
  } finally {
    window.dispatchEvent(new Event('afterprint'))
  }
}

/** Waits until every chart the server has drawn has its numbers in the browser, at most 20 s. */
async function allCharts(page: Document): Promise<void> {
  const end = performance.now() + 20_000
  while ([...page.querySelectorAll('section.chart')].some((chart) => !chartTables.has(chart))) {
    if (performance.now() > end) throw new Error('a chart of this page is not ready')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Controls, and what belongs to a pointer. */
const leftOut = 'script, style, link, template, .tools, .floating, form, input, textarea, .skip-link'

async function stillPart(original: Element): Promise<string> {
  const copy = original.cloneNode(true) as Element
  const originals = [original, ...original.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  await Promise.all(originals.map((element, i) => settle(element, copies[i]!)))
  for (const element of copy.querySelectorAll(leftOut)) element.remove()
  return copy.outerHTML
}

/** Makes one element of the copy stand by itself. */
async function settle(original: Element, copy: Element): Promise<void> {
  for (const name of copy.getAttributeNames())
    if (/^(on.*|tabindex|data-state|aria-(controls|haspopup|expanded)|nonce)$/.test(name))
      copy.removeAttribute(name)
  if (original instanceof HTMLCanvasElement) copy.replaceWith(...imagesOf(original))
  else if (original instanceof HTMLImageElement) copy.setAttribute('src', await dataOf(original.currentSrc))
  else if (original instanceof HTMLSelectElement) copy.replaceWith(original.selectedOptions[0]?.text ?? '')
  else if (original instanceof HTMLButtonElement) copy.replaceWith(...withoutButton(original, copy))
  else if (original.localName === 'a') copy.removeAttribute('href')
  const table = chartTables.get(original)
  if (table && !original.querySelector('.chart-table')) copy.append(numbersOf(table))
}

/** What is left of a button: its picture, or its words if it is what was chosen or they can be explained. */
function withoutButton(original: HTMLButtonElement, copy: Element): Node[] {
  if (original.matches('.term')) return [...copy.childNodes]
  const pictured = original.querySelector('canvas, img') !== null
  if (!pictured && !original.matches('[aria-pressed="true"], [aria-checked="true"]')) return []
  const rest = document.createElement(pictured ? 'span' : 'b')
  if (pictured) {
    rest.className = copy.className
    rest.append(...copy.childNodes)
  } else rest.append(copy.textContent ?? '')
  return [rest]
}

/** One image where the canvas looks alike in both themes, else one for each. */
function imagesOf(canvas: HTMLCanvasElement): HTMLImageElement[] {
  const { position, width, height, imageRendering } = getComputedStyle(canvas)
  const { light, dark } = picturesOf(canvas)
  const image = (source: string, theme: string) => {
    const made = document.createElement('img')
    made.src = source
    made.alt = canvas.getAttribute('aria-label') ?? ''
    made.className = theme
    Object.assign(made.style, { display: 'block', position, width, height, imageRendering })
    return made
  }
  return light === dark ? [image(light, '')] : [image(light, 'in-light'), image(dark, 'in-dark')]
}

async function dataOf(address: string): Promise<string> {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`a picture could not be read (${answer.status})`)
  const picture = await answer.blob()
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(reader.result as string)
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(picture)
  })
}

/** The numbers behind a chart, folded. */
function numbersOf({ columns, rows }: ChartTable): Element {
  const details = document.createElement('details')
  const cells = (tag: string, values: readonly (string | number | null)[]) =>
    `<tr>${values.map((value) => `<${tag}>${value === null ? '–' : xmlText(String(value))}</${tag}>`).join('')}</tr>`
  details.innerHTML = `<summary class="small">Numbers of this chart</summary><div class="table-scroll"><table class="plain"><thead>${cells('th', columns)}</thead><tbody>${rows.map((row) => cells('td', row)).join('')}</tbody></table></div>`
  return details
}

/** Every rule of the page; those for a width of the window as they apply now, as the charts are drawn for it. */
function stylesOf(page: Document): string {
  return [...page.styleSheets].map((sheet) => [...sheet.cssRules].map(stillRule).join('\n')).join('\n')
}

function stillRule(rule: CSSRule): string {
  if (!(rule instanceof CSSMediaRule) || !/width/.test(rule.conditionText)) return rule.cssText
  return matchMedia(rule.conditionText).matches ? [...rule.cssRules].map(stillRule).join('\n') : ''
}
