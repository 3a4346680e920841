import { describe, expect, it, test } from 'vitest'
import { chartFileName, checkpointSubject } from '../../app/_charts/chart-subject'
import { plainPaint, xmlText } from '../../app/_charts/plain-paint'
import { latexText, toCsv, toLatex } from '../../app/_charts/table-text'

describe('CSV', () => {
  it.each([
    ['a,b', '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ['two\nlines', '"two\nlines"'],
    ['two\r\nlines', '"two\r\nlines"'],
    ['plain text; σ', 'plain text; σ'],
  ])('a cell %j is written %j', (cell, written) => {
    expect(toCsv({ columns: ['x'], rows: [[cell]] })).toBe(`x\n${written}\n`)
  })

  it('numbers keep every digit, and what is not measured is empty', () => {
    expect(toCsv({ columns: ['a', 'b'], rows: [[0.1 + 0.2, null]] })).toBe('a,b\n0.30000000000000004,\n')
  })
})

describe('LaTeX', () => {
  it.each([
    ['down_blocks.0 & 50 %', 'down\\_blocks.0 \\& 50 \\%'],
    ['\\input{x}$y$#1', '\\textbackslash{}input\\{x\\}\\$y\\$\\#1'],
    ['a~b^c', 'a\\textasciitilde{}b\\textasciicircum{}c'],
    ['<b>|"q"', "\\textless{}b\\textgreater{}\\textbar{}''q''"],
    ['σ2/σ1 ↑, −3', '$\\sigma$2/$\\sigma$1 $\\uparrow$, $-$3'],
    ['two\nlines % of it', 'two lines \\% of it'],
    ['größer', 'größer'],
  ])('%j is written %j', (text, written) => {
    expect(latexText(text)).toBe(written)
  })

  it('a table has booktabs rules, numbers at the right and a dash for what is not measured', () => {
    const table = {
      columns: ['layer', 'SQNR, dB ↑'],
      rows: [
        ['conv_in', -12.345678],
        ['mid', null],
        ['out', 1.5e-7],
      ],
    }
    expect(toLatex(table, { caption: 'SQNR of 3 layers', label: 'mnist-lmb_step 1000' })).toBe(
      String.raw`% \usepackage{booktabs}
\begin{table}
  \centering
  \caption{SQNR of 3 layers}
  \label{tab:mnist-lmb-step-1000}
  \begin{tabular}{lr}
    \toprule
    layer & SQNR, dB $\uparrow$ \\
    \midrule
    conv\_in & $-12.346$ \\
    mid & -- \\
    out & $1.5 \times 10^{-7}$ \\
    \bottomrule
  \end{tabular}
\end{table}
`,
    )
  })

  it('braces balance and nothing is left to be read as a command, whatever the names are', () => {
    const nasty = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i))
    const body = latexText(nasty)
    const known = body.replaceAll(
      /\\(textbackslash|textasciitilde|textasciicircum|textless|textgreater|textbar)\{\}/g,
      '',
    )
    expect(known.replaceAll(/\\[{}$&#_%]/g, '')).not.toMatch(/[\\{}$&#_%~^<>|"]/)
  })
})

test.each([
  ['rgb(0, 120, 215)', { colour: '#0078d7', opacity: 1 }],
  ['rgba(0, 120, 215, 0.25)', { colour: '#0078d7', opacity: 0.25 }],
  ['rgba(0, 0, 0, 0)', { colour: 'none', opacity: 1 }],
  ['color(srgb 0 0.470588 0.843137 / 0.26)', { colour: '#0078d7', opacity: 0.26 }],
  ['color(srgb 1 1 1)', { colour: '#ffffff', opacity: 1 }],
  ['none', { colour: 'none', opacity: 1 }],
  ['url("#_R_1_")', { colour: 'url(#_R_1_)', opacity: 1 }],
  ['url("http://localhost:3000/r/x#_R_1_")', { colour: 'url(#_R_1_)', opacity: 1 }],
])('the computed paint %s is %o in plain SVG', (computed, plain) => {
  expect(plainPaint(computed)).toEqual(plain)
})

test('text in XML has no markup and no characters XML forbids', () => {
  expect(xmlText('<b a="1">&\0\u{1f600}')).toBe('&lt;b a=&quot;1&quot;&gt;&amp;\u{1f600}')
})

test('names of files say run, checkpoint and chart in characters every file system takes', () => {
  expect(chartFileName(checkpointSubject('mnist-lmb', 1000), 'unet')).toBe('mnist-lmb-step-1000-unet')
  expect(chartFileName('a/b\\..:run "x" step 0', '../SQNR by step')).toBe('a-b-..-run-x-step-0-SQNR-by-step')
  expect(chartFileName('', '')).toBe('chart')
  expect(chartFileName('r'.repeat(300), 'unet')).toMatch(/^r+-unet$/)
  expect(chartFileName('r'.repeat(300), 'unet').length).toBeLessThanOrEqual(120)
})
