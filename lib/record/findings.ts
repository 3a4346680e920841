import type { Evidence, Finding, Severity } from './audit'

export type AuditCounts = Record<Severity, number>

/**
 * How many different things are wrong: findings of one code are one, whatever the number of layers that have it.
 */
export function auditCounts(findings: readonly Finding[]): AuditCounts {
  const codes = new Map(findings.map(({ code, severity }) => [code, severity]))
  const counts: AuditCounts = { fault: 0, warning: 0, note: 0 }
  for (const severity of codes.values()) counts[severity]++
  return counts
}

/** "1 fault, 2 warnings"; "no faults" if there are neither faults nor warnings. */
export function countsInWords({ fault, warning }: AuditCounts): string {
  const parts = [fault > 0 && counted(fault, 'fault'), warning > 0 && counted(warning, 'warning')]
  return parts.filter(Boolean).join(', ') || 'no faults'
}

const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`

/** Findings of one code, together. */
export type FindingGroup = { code: string; severity: Severity; findings: Finding[] }

/** Groups by code, in the order in which the codes first appear. */
export function groupFindings(findings: readonly Finding[]): FindingGroup[] {
  const groups = new Map<string, FindingGroup>()
  for (const finding of findings) {
    const { code, severity } = finding
    const group = groups.get(code) ?? { code, severity, findings: [] }
    group.findings.push(finding)
    groups.set(code, group)
  }
  return [...groups.values()]
}

/** "spread 0.0868 %, 11 layers". Three significant digits. */
export function evidenceInWords(evidence: readonly Evidence[]): string {
  return evidence.map(({ name, value, unit }) => `${name} ${written(value)}${unit && ` ${unit}`}`).join(', ')
}

function written(value: number | string): string {
  if (typeof value === 'string') return value
  const size = Math.abs(value)
  if (size >= 1e9 || (size < 1e-4 && size > 0)) return value.toExponential(2)
  return String(Number.isInteger(value) ? value : Number(value.toPrecision(3)))
}
