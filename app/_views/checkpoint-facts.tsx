'use client'

import { formatBytes, formatCount } from '../_ui/format'
import type { RunCheckpoint } from './load'

/** The stored file and how its outputs were measured. */
export function CheckpointFacts({ checkpoint }: { checkpoint: RunCheckpoint }) {
  const { fileName, bytes, protocol, createdAt } = checkpoint
  return (
    <table className="plain ledger facts">
      <thead>
        <tr>
          <th scope="col" colSpan={2}>
            This checkpoint
          </th>
        </tr>
      </thead>
      <tbody>
        <tr>
          <th scope="row">file, float weights</th>
          <td className="num">
            <code>{fileName}</code>, {formatBytes(bytes)}
          </td>
        </tr>
        {protocol && (
          <tr>
            <th scope="row">measured on</th>
            <td className="num">
              {formatCount(protocol.images)} images of seed {protocol.seed}, the teacher’s own{' '}
              {protocol.steps}
              -step path
            </td>
          </tr>
        )}
        <tr>
          <th scope="row">stored</th>
          <td className="num">{createdAt.slice(0, 10)}</td>
        </tr>
      </tbody>
    </table>
  )
}
