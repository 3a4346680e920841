/**
 * A chart as it stands on the page, as one SVG that needs nothing else: its SVG parts with their computed style, what is
 * painted on a canvas as an image, and the words, tables and legends around them as text.
 */
import { plainPaint, xmlText } from './plain-paint'

export type Drawing = { svg: string; width: number; height: number }

/** Controls, and what is only there for a pointer or a screen reader. */
const leftOut = '.tools, .unseen, .floating, button, input, select, textarea, [hidden]'
const margin = 16
const hatchId = 'hatch-of-page'

type Box = { left: number; top: number; right: number; bottom: number }
type Sheet = { parts: string[]; reach: Box; root: Element; hatched: string | null }

/** Draws the section of a chart; `name` is its title for readers of the file, `about` says what it is of. */
export function drawingOf(section: Element, { name, about }: { name: string; about: string }): Drawing {
  const sheet: Sheet = {
    parts: [],
    reach: { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity },
    root: section,
    hatched: null,
  }
  addElement(sheet, section)
  const { left, top, right, bottom } = sheet.reach
  const width = Math.ceil(right - left + 2 * margin)
  const height = Math.ceil(bottom - top + 2 * margin)
  const ground = plainPaint(groundOf(section)).colour
  const hatch = sheet.hatched
    ? `<defs><pattern id="${hatchId}" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line y2="5" stroke="${sheet.hatched}" stroke-width="1.4"/></pattern></defs>`
    : ''
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"><title>${xmlText(name)}</title><desc>${xmlText(about)}</desc>${hatch}<rect width="${width}" height="${height}" fill="${ground}"/><g transform="translate(${round(margin - left)} ${round(margin - top)})">${sheet.parts.join('')}</g></svg>\n`
  return { svg, width, height }
}

/** A drawing as PNG, twice as fine as on the page. Rejects if the browser cannot paint it. */
export async function pngOf({ svg, width, height }: Drawing): Promise<Blob> {
  const picture = new Image()
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await picture.decode()
  const canvas = document.createElement('canvas')
  canvas.width = 2 * width
  canvas.height = 2 * height
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error('too large for a picture'))),
      'image/png',
    ),
  )
}

function addElement(sheet: Sheet, element: Element): void {
  if (element.matches(leftOut)) return
  const style = getComputedStyle(element)
  if (style.display === 'none' || style.visibility === 'hidden') return
  if (element instanceof SVGSVGElement) {
    addSvg(sheet, element)
    return
  }
  const box = element.getBoundingClientRect()
  if (element instanceof HTMLCanvasElement) {
    const smooth = element.classList.contains('pixels') ? ' style="image-rendering:pixelated"' : ''
    if (element.width > 0 && element.height > 0 && box.width > 0)
      add(
        sheet,
        box,
        `<image ${area(box)} preserveAspectRatio="none"${smooth} href="${element.toDataURL('image/png')}"/>`,
      )
    return
  }
  addGround(sheet, element, style, box)
  for (const child of element.childNodes) {
    if (child instanceof Element) addElement(sheet, child)
    else if (child instanceof Text) addText(sheet, child, element, style)
  }
}

/** Background and the lines above and below, of rows of a table and boxes of a legend. */
function addGround(sheet: Sheet, element: Element, style: CSSStyleDeclaration, box: DOMRect): void {
  if (element === sheet.root || box.width === 0 || box.height === 0) return
  const ground = plainPaint(style.backgroundColor)
  if (ground.colour !== 'none') add(sheet, box, `<rect ${area(box)} ${fill(ground)}/>`)
  if (style.backgroundImage.includes('repeating-linear-gradient')) {
    sheet.hatched = plainPaint(tokenOf(element, '--line2')).colour
    add(sheet, box, `<rect ${area(box)} fill="url(#${hatchId})"/>`)
  }
  for (const [width, colour, y] of [
    [style.borderTopWidth, style.borderTopColor, box.top],
    [style.borderBottomWidth, style.borderBottomColor, box.bottom],
  ] as const) {
    const line = plainPaint(colour)
    if (Number.parseFloat(width) > 0 && line.colour !== 'none')
      add(
        sheet,
        box,
        `<line x1="${round(box.left)}" x2="${round(box.right)}" y1="${round(y)}" y2="${round(y)}" stroke="${line.colour}"/>`,
      )
  }
}

/** The words of a text, line by line as the page breaks them, cut off where the page cuts them off. */
function addText(sheet: Sheet, node: Text, parent: Element, style: CSSStyleDeclaration): void {
  const lines: (Box & { text: string; end: number })[] = []
  // a page breaks lines at spaces and after hyphens
  for (const { 0: piece, index } of node.data.matchAll(/[^\s-]*-+|[^\s-]+/g)) {
    const range = document.createRange()
    const end = index + piece.length
    range.setStart(node, index)
    range.setEnd(node, end)
    const [rect] = range.getClientRects()
    if (!rect || rect.width === 0) continue
    const line = lines.at(-1)
    if (line && Math.abs(line.top - rect.top) < 3 && rect.left >= line.right - 1) {
      line.text += (line.end < index ? ' ' : '') + piece
      Object.assign(line, { right: rect.right, end })
    } else
      lines.push({ left: rect.left, top: rect.top, right: rect.right, bottom: rect.bottom, text: piece, end })
  }
  const edge = clipOf(parent, sheet.root)
  const { ascent, descent } = fontMetrics(style)
  for (const line of lines) {
    if (line.left >= edge) continue
    const share = (edge - line.left) / (line.right - line.left)
    const kept = Math.floor(line.text.length * share) - 1
    const text = line.right > edge + 1 ? `${line.text.slice(0, kept)}…` : line.text
    const baseline = (line.top + line.bottom - ascent - descent) / 2 + ascent
    add(
      sheet,
      { ...line, right: Math.min(line.right, edge) },
      `<text x="${round(line.left)}" y="${round(baseline)}" ${font(style)} ${fill(plainPaint(style.color))}>${xmlText(text)}</text>`,
    )
  }
}

/** The right edge beyond which a text is not seen, px; Infinity if nothing cuts it off. */
function clipOf(element: Element, root: Element): number {
  for (let at: Element | null = element; at && at !== root; at = at.parentElement)
    if (/hidden|clip/.test(getComputedStyle(at).overflowX)) return at.getBoundingClientRect().right
  return Infinity
}

/** Properties an element has from its parent if it says nothing. */
const inherited: Record<string, string> = {
  fill: 'rgb(0, 0, 0)',
  'fill-opacity': '1',
  stroke: 'none',
  'stroke-width': '1px',
  'stroke-opacity': '1',
  'stroke-dasharray': 'none',
  'stroke-linejoin': 'miter',
  'stroke-linecap': 'butt',
  'paint-order': 'normal',
  'text-anchor': 'start',
  visibility: 'visible',
}
const ownOnly: Record<string, string> = { opacity: '1', 'clip-path': 'none', display: 'inline' }

function addSvg(sheet: Sheet, svg: SVGSVGElement): void {
  const box = svg.getBoundingClientRect()
  if (box.width === 0 || box.height === 0) return
  const copy = svg.cloneNode(true) as SVGSVGElement
  const originals = [svg, ...svg.querySelectorAll('*')]
  const copies = [copy, ...copy.querySelectorAll('*')]
  for (const [i, original] of originals.entries()) settle(copies[i]!, original, original === svg)
  for (const [name, value] of Object.entries(boxOf(box))) copy.setAttribute(name, value)
  copy.setAttribute('overflow', 'visible')
  add(sheet, box, new XMLSerializer().serializeToString(copy))
}

/** Gives a copied element what the page's style sheets gave the original, as attributes, and takes away all else. */
function settle(copy: Element, original: Element, outermost: boolean): void {
  const style = getComputedStyle(original)
  const above = outermost ? null : getComputedStyle(original.parentElement!)
  for (const name of copy.getAttributeNames())
    if (/^(class|style|role|tabindex|data-.*|aria-.*)$/.test(name)) copy.removeAttribute(name)
  if (outermost) for (const name of ['transform', 'xmlns']) copy.removeAttribute(name)
  for (const [name, initial] of Object.entries(inherited)) {
    const value = style.getPropertyValue(name)
    copy.removeAttribute(name)
    if (value === (above?.getPropertyValue(name) ?? initial)) continue
    if (name === 'fill' || name === 'stroke') {
      const { colour, opacity } = plainPaint(value)
      copy.setAttribute(name, colour)
      if (opacity < 1) copy.setAttribute(`${name}-opacity`, String(round(opacity, 3)))
    } else copy.setAttribute(name, value.replaceAll('px', ''))
  }
  for (const [name, initial] of Object.entries(ownOnly)) {
    const value = style.getPropertyValue(name)
    copy.removeAttribute(name)
    // an outermost or nested svg is a block of the page, not of the drawing
    if (value === initial || (name === 'display' && value !== 'none')) continue
    copy.setAttribute(name, plainPaint(value).colour)
  }
  if (original instanceof SVGTextContentElement)
    for (const [name, value] of Object.entries(fontOf(style))) copy.setAttribute(name, value)
}

function add(sheet: Sheet, box: Box, part: string): void {
  sheet.parts.push(part)
  sheet.reach = {
    left: Math.min(sheet.reach.left, box.left),
    top: Math.min(sheet.reach.top, box.top),
    right: Math.max(sheet.reach.right, box.right),
    bottom: Math.max(sheet.reach.bottom, box.bottom),
  }
}

/** The colour the chart stands on: of the nearest element around it that has one. */
function groundOf(element: Element): string {
  for (let at: Element | null = element; at; at = at.parentElement) {
    const { backgroundColor } = getComputedStyle(at)
    if (plainPaint(backgroundColor).colour !== 'none') return backgroundColor
  }
  return '#ffffff'
}

/** The value a colour token has for an element; a token itself computes to the text it was declared with. */
function tokenOf(element: Element, token: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${token})`
  element.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

let measure: CanvasRenderingContext2D | null = null

function fontMetrics(style: CSSStyleDeclaration): { ascent: number; descent: number } {
  measure ??= document.createElement('canvas').getContext('2d')!
  measure.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  const { fontBoundingBoxAscent, fontBoundingBoxDescent } = measure.measureText('x')
  return { ascent: fontBoundingBoxAscent, descent: fontBoundingBoxDescent }
}

const fontOf = (style: CSSStyleDeclaration): Record<string, string> => ({
  'font-family': style.fontFamily.replaceAll('"', "'"),
  'font-size': style.fontSize.replace('px', ''),
  'font-weight': style.fontWeight,
  style: 'font-variant-numeric:tabular-nums',
})

const written = (attributes: Record<string, string>): string =>
  Object.entries(attributes)
    .map(([name, value]) => `${name}="${xmlText(value)}"`)
    .join(' ')

const font = (style: CSSStyleDeclaration): string => written(fontOf(style))

const fill = ({ colour, opacity }: { colour: string; opacity: number }): string =>
  `fill="${colour}"${opacity < 1 ? ` fill-opacity="${round(opacity, 3)}"` : ''}`

const boxOf = (box: DOMRect): Record<string, string> => ({
  x: String(round(box.left)),
  y: String(round(box.top)),
  width: String(round(box.width)),
  height: String(round(box.height)),
})

const area = (box: DOMRect): string => written(boxOf(box))

const round = (value: number, digits = 2): number => Number(value.toFixed(digits))
