/** The picture of a link preview as SVG, for a rasterizer without CSS: plain colours, common fonts, data URIs. */
import { metricScales } from '../_charts/colour'
import { xmlText } from '../_charts/plain-paint'
import { isMeasured } from '../_charts/series'
import type { Preview } from './load-preview'

/** Size that chat tools ask for, px. */
export const previewSize = { width: 1200, height: 630 }

const fonts = "'Noto Sans','DejaVu Sans','Liberation Sans',Arial,sans-serif"
const margin = 60
const mapBox = { x: 700, y: 130, width: 440, height: 330 }

/** `samples` are data URIs of PNG pictures, one per image. */
export function previewPicture({ title, lines, map }: Preview, samples: readonly string[]): string {
  const { width, height } = previewSize
  // about 0.58 em a letter
  const room = (map ? mapBox.x : width) - 2 * margin
  const size = Math.max(30, Math.min(60, room / (0.6 * Math.max(1, title.length))))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fonts}">`,
    `<rect width="${width}" height="${height}" fill="#f7f7f5"/>`,
    `<rect width="${width}" height="10" fill="#17181a"/>`,
    words('Signscope', margin, 78, 28, '#484b51', width),
    words(title, margin, 200, size, '#17181a', room, 'font-weight="600"'),
    ...lines.map((line, i) => words(line, margin, 262 + 42 * i, 25, '#484b51', room)),
    ...(map ? [mapPicture(map)] : []),
    ...samples.map(
      (source, i) =>
        `<image x="${margin + 70 * i}" y="${height - margin - 64}" width="64" height="64" style="image-rendering:pixelated" href="${source}"/>`,
    ),
    '</svg>',
  ].join('')
}

/** A line of text, cut off where it would leave its room. */
function words(
  text: string,
  x: number,
  y: number,
  size: number,
  fill: string,
  room: number,
  more = '',
): string {
  const most = Math.floor(room / (0.56 * size))
  const shown = text.length > most ? `${text.slice(0, most - 1)}…` : text
  return `<text x="${x}" y="${y}" font-size="${Math.round(size)}" fill="${fill}" ${more}>${xmlText(shown)}</text>`
}

function mapPicture({ values, caption }: NonNullable<Preview['map']>): string {
  const { x, y, width, height } = mapBox
  const rowHeight = Math.min(60, height / values.length)
  const cells = values.flatMap((row, r) =>
    row.map((value, c) => {
      const fill = isMeasured(value) ? metricScales.sqnr.at(value, 'light') : '#dfdfda'
      const cell = width / row.length
      return `<rect x="${(x + c * cell).toFixed(1)}" y="${(y + r * rowHeight).toFixed(1)}" width="${(cell + 0.4).toFixed(1)}" height="${(rowHeight - 1).toFixed(1)}" fill="${fill}"/>`
    }),
  )
  return `${cells.join('')}<text x="${x}" y="${y + rowHeight * values.length + 28}" font-size="18" fill="#484b51">${xmlText(caption)}</text>`
}
