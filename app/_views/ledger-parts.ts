/** Where the bytes of a packed file are, in parts a reader knows. Counted from the layer list, not measured. */
import type { Ledger } from '../../lib/record/run'
import type { LayerRow } from './run-rows'

export type LedgerPart = { name: string; bytes: number; binary: boolean }

/** Parts whose sum is `packedBytes`; empty ones are left out. Kept layers take 4 bytes a value. */
export function ledgerParts(ledger: Ledger, rows: readonly LayerRow[]): LedgerPart[] {
  const kept = rows.filter((row) => row.bases === 0 && row.weightBits !== 8)
  const bytesOf = (keep: (row: LayerRow) => boolean) =>
    kept.filter(keep).reduce((sum, row) => sum + 4 * row.layer.parameters, 0)
  const isTime = ({ layer }: LayerRow) => layer.place.part === 'time' || layer.place.role === 'time_proj'
  const isEdge = ({ layer }: LayerRow) => layer.place.part === 'in' || layer.place.part === 'out'
  const time = bytesOf(isTime)
  const edges = bytesOf((row) => isEdge(row) && !isTime(row))
  const others = bytesOf((row) => !isEdge(row) && !isTime(row))
  const parts = [
    { name: '1-bit weights, first basis', bytes: ledger.signBytes, binary: true },
    { name: '1-bit weights, second basis', bytes: ledger.secondBasisBytes, binary: true },
    { name: '8-bit weights of kept layers', bytes: ledger.eightBitBytes ?? 0, binary: false },
    { name: 'scales σ1, σ2 and α', bytes: ledger.scaleBytes, binary: true },
    { name: 'time embedding (FP32)', bytes: time, binary: false },
    { name: 'first and last conv (FP32)', bytes: edges, binary: false },
    { name: 'other kept layers (FP32)', bytes: others, binary: false },
    { name: 'norms, biases (FP32)', bytes: ledger.floatBytes - time - edges - others, binary: false },
  ]
  return parts.filter((part) => part.bytes > 0)
}
