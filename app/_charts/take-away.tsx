'use client'

import { type RefObject, useState } from 'react'
import { download } from '../_ui/download'
import { Popover } from '../_ui/popover'
import { chartFileName, useChartSubject } from './chart-subject'
import type { ChartTable } from './data-table'

type TakeAwayProps = {
  /** The whole chart with its head. */
  section: RefObject<HTMLElement | null>
  /** Name of the chart in the names of its files. */
  fileName: string
  message: string
  table: ChartTable
  /** Whether the table stands where the picture was. */
  asTable: boolean
}

/** The chart as files: the picture as it stands, and the table behind it. */
export function TakeAway({ section, fileName, message, table, asTable }: TakeAwayProps) {
  const subject = useChartSubject()
  const [problem, setProblem] = useState<string | null>(null)
  const name = chartFileName(subject, fileName)

  const picture = async (kind: 'svg' | 'png') => {
    const { drawingOf, pngOf } = await import('./drawing')
    const drawing = drawingOf(section.current!, { name: message, about: subject })
    if (kind === 'svg') download(`${name}.svg`, drawing.svg, 'image/svg+xml')
    else download(`${name}.png`, await pngOf(drawing), 'image/png')
  }
  const files: { name: string; save: () => void | Promise<void>; drawn?: boolean }[] = [
    { name: 'SVG', save: () => picture('svg'), drawn: true },
    { name: 'PNG', save: () => picture('png'), drawn: true },
    {
      name: 'CSV',
      save: async () => download(`${name}.csv`, (await import('./table-text')).toCsv(table), 'text/csv'),
    },
    {
      name: 'LaTeX table',
      save: async () =>
        download(
          `${name}.tex`,
          (await import('./table-text')).toLatex(table, {
            caption: subject ? `${subject}: ${message}` : message,
            label: name,
          }),
          'application/x-tex',
        ),
    },
  ]
  async function save(file: (typeof files)[number], close: () => void) {
    try {
      await file.save()
      close()
    } catch (error) {
      setProblem(`The ${file.name} could not be made: ${(error as Error).message}.`)
    }
  }

  return (
    <Popover
      label={`Save ${fileName}`}
      className="save-box"
      button={{ className: 'text-button', label: `Save ${fileName}`, words: 'save' }}
      onOpen={() => setProblem(null)}
    >
      {(close) => (
        <>
          {files.map((file) => (
            <button
              key={file.name}
              type="button"
              className="text-button"
              disabled={file.drawn && asTable}
              title={file.drawn && asTable ? 'The picture is hidden behind its table' : name}
              onClick={() => void save(file, close)}
            >
              {file.name}
            </button>
          ))}
          {problem && (
            <p className="worse small" role="alert">
              ◆ {problem}
            </p>
          )}
        </>
      )}
    </Popover>
  )
}
