import type { ReactNode } from 'react'
import type { Ledger } from '../../lib/record/run'
import { runColour } from '../_charts/colour'
import { Card } from '../_ui/card'
import { formatBytes, formatLarge, formatPercent, formatRatio } from '../_ui/format'
import { Term } from '../_ui/term'
import { ledgerParts } from './ledger-parts'
import type { LayerRow } from './run-rows'

/** Where the bytes of the packed file are and what that is against float32. */
export function LedgerCard({
  ledger,
  rows,
  slot,
  children,
}: {
  ledger: Ledger
  rows: LayerRow[]
  slot: number | null
  /** What else there is to say of the file. */
  children?: ReactNode
}) {
  const parts = ledgerParts(ledger, rows)
  const most = Math.max(1, ...parts.map((part) => part.bytes))
  const binary = rows.filter((row) => row.bases > 0).reduce((sum, row) => sum + row.layer.macs, 0)
  const floatShare = ledger.floatBytes / ledger.packedBytes
  return (
    <Card
      title="Cost ledger"
      caption="Bytes of the packed file, counted from the layer list: one bit per weight and basis."
    >
      <table className="plain ledger">
        <thead>
          <tr>
            <th scope="col">Where the bytes are</th>
            <th scope="col">
              <span className="unseen">Share as a bar</span>
            </th>
            <th scope="col" className="num">
              {formatBytes(ledger.packedBytes)}
            </th>
            <th scope="col" className="num">
              share
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map((part) => (
            <tr key={part.name}>
              <th scope="row">{part.name}</th>
              <td style={{ width: '30%' }}>
                <div
                  style={{
                    height: 8,
                    width: `${(100 * part.bytes) / most}%`,
                    background: part.binary ? runColour(slot) : 'var(--line2)',
                  }}
                />
              </td>
              <td className="num">{formatBytes(part.bytes)}</td>
              <td className="num soft">{formatPercent(part.bytes / ledger.packedBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className="plain ledger">
        <thead>
          <tr>
            <th scope="col">Against full precision (FP32)</th>
            <th scope="col" className="num">
              full
            </th>
            <th scope="col" className="num">
              <Term id="packedSize">packed</Term>
            </th>
            <th scope="col" className="num">
              ratio
            </th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">Storage, counted</th>
            <td className="num">{formatBytes(ledger.fullPrecisionBytes)}</td>
            <td className="num">{formatBytes(ledger.packedBytes)}</td>
            <td className="num">
              <b>{formatRatio(ledger.fullPrecisionBytes / ledger.packedBytes)}</b>
            </td>
          </tr>
          {ledger.macs > 0 && (
            <tr>
              <th scope="row">
                <Term id="macs">MACs</Term> per image and step
              </th>
              <td className="num">{formatLarge(ledger.macs)}</td>
              <td className="num" colSpan={2} style={{ whiteSpace: 'normal' }}>
                {formatPercent(ledger.macs ? binary / ledger.macs : 0)} of them on one-bit weights
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {floatShare >= 0.25 && (
        <p className="caption">
          {formatPercent(floatShare)} of the file stays FP32: binarizing more weights saves little from here.
        </p>
      )}
      {children}
    </Card>
  )
}
