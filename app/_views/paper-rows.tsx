import { type PublishedRow, published, publishedMetrics } from '../../lib/record/published'
import { Card } from '../_ui/card'
import { formatFixed } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'
import './paper-rows.css'

const arrow = { higher: '↑', lower: '↓' } as const

type Section = { title: string; rows: PublishedRow[] }

const title = ({ table, dataSet, network, version }: PublishedRow): string =>
  `${table === 'ablation' ? 'Ablation' : 'Methods'} on ${dataSet}, ${network}, ${version}`

/** Rows of one table of one version under each other, in the order of the data. */
function sections(rows: readonly PublishedRow[]): Section[] {
  const titles = [...new Set(rows.map(title))]
  return titles.map((name) => ({ title: name, rows: rows.filter((row) => title(row) === name) }))
}

/** The papers' own figures, clearly theirs: other data, other networks, other measures. */
export function PaperRows() {
  const ablations = published.filter(({ table }) => table === 'ablation')
  const others = published.filter(({ table }) => table === 'main')
  return (
    <Card
      title="The papers’ rows, for orientation"
      caption={
        <>
          BinaryDM, arXiv 2404.05662, as published: other data and networks, and scores on Inception features.
          Their values cannot be compared with those above, only what adds to what. v5 reports a stronger
          baseline than v1; the figures of v1 were read from pictures of its tables.
        </>
      }
    >
      <PublishedTable rows={ablations} label="The papers’ ablations" />
      <details className="paper-more">
        <summary>CIFAR-10, and W1A4 on Bedrooms, Churches and FFHQ: {others.length} more rows</summary>
        <PublishedTable rows={others} label="The papers’ comparisons" />
      </details>
    </Card>
  )
}

/** Published rows, those of one table and version under each other. */
export function PublishedTable({ rows, label }: { rows: readonly PublishedRow[]; label: string }) {
  const parts = sections(rows)
  return (
    <TableScroll label={label}>
      <table className="plain paper-rows">
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col">Bits</th>
            {publishedMetrics.map(({ key, name, better }) => (
              <th key={key} scope="col" className="num">
                {name} {arrow[better]}
              </th>
            ))}
          </tr>
        </thead>
        {parts.map((section) => (
          <tbody key={section.title}>
            <tr>
              <th scope="rowgroup" colSpan={publishedMetrics.length + 2}>
                {section.title}
              </th>
            </tr>
            {section.rows.map((row) => (
              <tr key={`${row.bits} ${row.method}`}>
                <th scope="row">{row.method}</th>
                <td>{row.bits}</td>
                {publishedMetrics.map(({ key }) => (
                  <td key={key} className="num">
                    {formatFixed(row.values[key], 2)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        ))}
      </table>
    </TableScroll>
  )
}
