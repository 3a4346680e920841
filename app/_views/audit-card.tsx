import Link from 'next/link'
import type { ReactNode } from 'react'
import type { Finding } from '../../lib/record/audit'
import {
  auditCounts,
  countsInWords,
  evidenceInWords,
  type FindingGroup,
  groupFindings,
} from '../../lib/record/findings'
import { Card } from '../_ui/card'
import { SeverityMark } from '../_ui/severity'
import './audit.css'

/** "audit: 1 fault, 2 warnings", with a link to the findings; coloured by the worst of them. */
export function AuditChip({ findings }: { findings: readonly Finding[] }) {
  const counts = auditCounts(findings)
  const tone = counts.fault > 0 ? 'fail' : counts.warning > 0 ? 'warn' : ''
  return (
    <a className={`chip ${tone}`} href="#audit">
      audit: {countsInWords(counts)}
    </a>
  )
}

/** Layers a group names before it only counts them. */
const named = 4

/** What the audit found, the worst first, each with its evidence and what to do. Notes are folded away. */
export function AuditCard({
  findings,
  layerHref,
}: {
  findings: readonly Finding[]
  layerHref: (layer: string) => string
}) {
  const groups = groupFindings(findings)
  const notes = groups.filter(({ severity }) => severity === 'note')
  const troubles = groups.filter(({ severity }) => severity !== 'note')
  return (
    <div id="audit">
      <Card
        title="Audit"
        caption="Whether the checkpoint is what it claims to be: bases, scales, steps, bits, kept layers, dead and time-blind parts. Judged by its weights and scales alone."
      >
        {troubles.length === 0 && (
          <p className="soft">{notes.length === 0 ? 'Nothing found.' : 'No faults and no warnings.'}</p>
        )}
        <Groups groups={troubles} layerHref={layerHref} />
        {notes.length > 0 && (
          <details className="audit-notes">
            <summary>
              {notes.length} {notes.length === 1 ? 'note' : 'notes'}
            </summary>
            <Groups groups={notes} layerHref={layerHref} />
          </details>
        )}
      </Card>
    </div>
  )
}

function Groups({ groups, layerHref }: { groups: FindingGroup[]; layerHref: (layer: string) => string }) {
  return (
    <ul className="audit">
      {groups.map(({ code, severity, findings }) => {
        const [first] = findings
        const concerned = findings.filter((f): f is Finding & { layer: string } => f.layer !== null)
        return (
          <li key={code}>
            <FindingHead finding={first!}>
              {concerned.length > 1 && `, ${concerned.length} layers`} <code className="soft">{code}</code>
            </FindingHead>
            <p>{first!.what}</p>
            {severity === 'note' && concerned.length > named ? null : (
              <ul className="evidence small soft">
                {findings
                  .filter(({ layer }) => layer === null)
                  .map(({ what, evidence }) => (
                    <li key={what}>{evidenceInWords(evidence)}</li>
                  ))}
                {concerned.slice(0, named).map(({ layer, evidence }) => (
                  <li key={`${layer} ${evidenceInWords(evidence)}`}>
                    <Link href={layerHref(layer)} className="mono">
                      {layer}
                    </Link>
                    {evidence.length > 0 && `: ${evidenceInWords(evidence)}`}
                  </li>
                ))}
                {concerned.length > named && (
                  <li>and {concerned.length - named} more, marked in the table</li>
                )}
              </ul>
            )}
            <p className="small">{first!.remedy}</p>
          </li>
        )
      })}
    </ul>
  )
}

function FindingHead({ finding, children }: { finding: Finding; children?: ReactNode }) {
  return (
    <h3>
      <SeverityMark severity={finding.severity} word /> {finding.title}
      {children}
    </h3>
  )
}

/** The findings of one layer. */
export function LayerAudit({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null
  return (
    <Card title="Audit" caption="What the audit of the checkpoint found in this layer.">
      <ul className="audit">
        {findings.map((finding) => (
          <li key={`${finding.code} ${finding.what}`}>
            <FindingHead finding={finding}>
              {' '}
              <code className="soft">{finding.code}</code>
            </FindingHead>
            <p>{finding.what}</p>
            {finding.evidence.length > 0 && <p className="small soft">{evidenceInWords(finding.evidence)}</p>}
            <p className="small">{finding.remedy}</p>
          </li>
        ))}
      </ul>
    </Card>
  )
}
