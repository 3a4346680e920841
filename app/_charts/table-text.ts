/** The table behind a chart as a text that leaves the page. */
import type { ChartTable } from './data-table'

type Cell = ChartTable['rows'][number][number]

/** RFC 4180: quotes around cells that need them, empty for what is not measured. */
export function toCsv({ columns, rows }: ChartTable): string {
  const cell = (v: Cell) => {
    const text = v === null ? '' : String(v)
    return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  }
  return [columns, ...rows]
    .map((row) => row.map(cell).join(','))
    .join('\n')
    .concat('\n')
}

/** Characters that mean something to LaTeX, or that its text fonts lack. */
const latexOf: Record<string, string> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  _: '\\_',
  '%': '\\%',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '"': "''",
  '\u00a0': '~',
  '\u2212': '$-$',
  '–': '--',
  '—': '---',
  '…': '\\ldots{}',
  '’': "'",
  '‘': '`',
  '“': '``',
  '”': "''",
  '×': '$\\times$',
  '±': '$\\pm$',
  '·': '$\\cdot$',
  '²': '$^2$',
  '₀': '$_0$',
  '↑': '$\\uparrow$',
  '↓': '$\\downarrow$',
  '→': '$\\rightarrow$',
  '≤': '$\\le$',
  '≥': '$\\ge$',
  '≈': '$\\approx$',
  Δ: '$\\Delta$',
  ε: '$\\varepsilon$',
  λ: '$\\lambda$',
  μ: '$\\mu$',
  σ: '$\\sigma$',
  χ: '$\\chi$',
}

/** Text as LaTeX prints it; a line break would end a comment or a row, so it becomes a space. */
export function latexText(text: string): string {
  return [...text.replaceAll(/\s*[\n\r]+\s*/g, ' ')].map((c) => latexOf[c] ?? c).join('')
}

/** A number in at most five significant digits, in mathematics, so that minus and exponent are set as such. */
function latexNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '$\\infty$' : '$-\\infty$'
  const [digits, exponent] = String(Number(value.toPrecision(5))).split('e')
  return exponent === undefined ? `$${digits}$` : `$${digits} \\times 10^{${Number(exponent)}}$`
}

const latexCell = (v: Cell): string =>
  v === null ? '--' : typeof v === 'number' ? latexNumber(v) : latexText(v)

/**
 * A booktabs table, ready to be \input. `caption` is printed, `label` is what \ref names; numbers stand at the right,
 * what is not measured is a dash.
 */
export function toLatex(
  { columns, rows }: ChartTable,
  { caption, label }: { caption: string; label: string },
) {
  const isNumeric = (i: number) => rows.every((row) => typeof row[i] !== 'string')
  const line = (cells: string[]) => `    ${cells.join(' & ')} \\\\`
  return [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '  \\centering',
    `  \\caption{${latexText(caption)}}`,
    `  \\label{tab:${label.replaceAll(/[^\w.:-]+/g, '-').replaceAll('_', '-')}}`,
    `  \\begin{tabular}{${columns.map((_, i) => (isNumeric(i) ? 'r' : 'l')).join('')}}`,
    '    \\toprule',
    line(columns.map(latexText)),
    '    \\midrule',
    ...rows.map((row) => line(columns.map((_, i) => latexCell(row[i] ?? null)))),
    '    \\bottomrule',
    '  \\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n')
}
