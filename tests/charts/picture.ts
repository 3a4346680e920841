import type { ReactNode } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'

/** Markup of a chart, one element a line and coordinates to 2 decimals, so that a snapshot can be read as a diff. */
export function picture(node: ReactNode): string {
  return renderToStaticMarkup(node)
    .replaceAll('><', '>\n<')
    .replaceAll(/\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2))))
}
