'use client'

import type { ShownCheckpoint } from '../../lib/store/shares'
import { Card } from './card'
import { formatCount } from './format'
import { TableScroll } from './table-scroll'

const stateWords: Record<ShownCheckpoint['state'], string> = {
  same: '✓ the same file as when it was shared',
  replaced: '△ this step was stored again since with other bytes; shown is what was shared',
  gone: '◆ not stored any more',
}

export type FrozenFactsProps = {
  createdAt: string
  expiresAt: string | null
  checkpoints: readonly ShownCheckpoint[]
}

/** Of which files a frozen view is, by content hash, and whether they still are the same. */
export function FrozenFacts({ createdAt, expiresAt, checkpoints }: FrozenFactsProps) {
  return (
    <Card
      title="What this link shows"
      caption={`Shared ${timeOf(createdAt)}${expiresAt ? `, ends ${timeOf(expiresAt)}` : ''}. Checkpoints by the sha256 of their file.`}
    >
      <TableScroll label="Checkpoints shown">
        <table className="plain stacked frozen-files">
          <thead>
            <tr>
              <th scope="col">Checkpoint</th>
              <th scope="col">sha256</th>
              <th scope="col">Now</th>
            </tr>
          </thead>
          <tbody>
            {checkpoints.map(({ run, step, sha256, state }) => (
              <tr key={`${run}@${step}@${sha256}`}>
                <th scope="row">{run ? `${run}, step ${formatCount(step)}` : 'unknown'}</th>
                <td>
                  <code>{sha256}</code>
                </td>
                <td className={state === 'gone' ? 'worse' : undefined}>{stateWords[state]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  )
}

/** "2026-11-30 18:40 UTC" */
const timeOf = (iso: string): string => `${iso.slice(0, 16).replace('T', ' ')} UTC`
