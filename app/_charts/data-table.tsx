import { isExact } from './series'

/** The numbers of a chart as a table: what `T` shows and its files hold. */
export type ChartTable = { columns: string[]; rows: (string | number | null)[][] }

/** An SQNR in a table: the number, or the word where it is equal within float32. */
export const exactInWords = (sqnr: number | null): string | number | null => (isExact(sqnr) ? 'exact' : sqnr)

const shown = (v: string | number | null): string =>
  v === null ? '–' : typeof v === 'string' ? v : String(Number(v.toPrecision(5))).replace('-', '−')

export function DataTable({ table, name }: { table: ChartTable; name: string }) {
  return (
    // A region that scrolls must be reachable by keyboard (WCAG 2.1.1).
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scrollable region
    <section className="chart-table" tabIndex={0} aria-label={`Table: ${name}`}>
      <table className="plain">
        <thead>
          <tr>
            {table.columns.map((column, i) => (
              <th key={column} scope="col" className={i > 0 ? 'num' : undefined}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr key={row.join('|')}>
              {row.map((value, i) =>
                i === 0 ? (
                  <th key={table.columns[i]} scope="row">
                    {shown(value)}
                  </th>
                ) : (
                  <td key={table.columns[i]} className="num">
                    {shown(value)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
