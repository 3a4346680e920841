import type { AuditRow, Severity } from '../../lib/record/audit'

const marks: Record<Severity, string> = { fault: '◆', warning: '△', note: '·' }

/** Shape and word of a severity: colour is never the only carrier. */
export function SeverityMark({ severity, word = false }: { severity: Severity; word?: boolean }) {
  return (
    <span className={`severity ${severity}`}>
      <span aria-hidden>{marks[severity]}</span>{' '}
      <span className={word ? undefined : 'unseen'}>{severity}</span>
    </span>
  )
}

/** What the audit says of one layer, in a table: quiet where nothing is wrong. */
export function Verdict({ row }: { row: Pick<AuditRow, 'severity' | 'verdict'> | null }) {
  if (!row) return <span className="soft">–</span>
  if (row.severity === null) return <span className="soft">{row.verdict}</span>
  return (
    <span className={`severity ${row.severity}`}>
      <SeverityMark severity={row.severity} /> {row.verdict}
    </span>
  )
}
