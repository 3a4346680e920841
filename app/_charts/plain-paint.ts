/** Computed CSS as SVG viewers of every kind read it. */

export type PlainPaint = { colour: string; opacity: number }

/**
 * A computed paint in the notation of SVG 1.1. Browsers compute colours to `rgb()`, `rgba()` or, of a mix,
 * `color(srgb r g b / a)`; `none` and references inside the document pass through.
 */
export function plainPaint(computed: string): PlainPaint {
  const value = computed.trim()
  if (value.startsWith('url('))
    return { colour: value.replace(/^url\(["']?[^#]*(#[^"')]*)["']?\).*$/, 'url($1)'), opacity: 1 }
  const mixed = /^color\(srgb ([\d.e+-]+) ([\d.e+-]+) ([\d.e+-]+)(?: \/ ([\d.e+-]+))?\)$/.exec(value)
  if (mixed)
    return paint(
      mixed.slice(1, 4).map((share) => Number(share) * 255),
      mixed[4],
    )
  const flat = /^rgba?\(([\d.]+),? ([\d.]+),? ([\d.]+)(?:(?:,| \/) ([\d.]+))?\)$/.exec(value)
  if (flat) return paint(flat.slice(1, 4).map(Number), flat[4])
  return value === 'transparent' ? { colour: 'none', opacity: 1 } : { colour: value, opacity: 1 }
}

function paint(channels: number[], alpha = '1'): PlainPaint {
  const hex = channels.map((c) =>
    Math.round(Math.min(255, Math.max(0, c)))
      .toString(16)
      .padStart(2, '0'),
  )
  return Number(alpha) === 0
    ? { colour: 'none', opacity: 1 }
    : { colour: `#${hex.join('')}`, opacity: Number(alpha) }
}

/** Text between tags or quotes of XML; what XML cannot hold is left out. */
export function xmlText(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
