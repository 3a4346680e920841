import { CheckpointBadge } from '../_charts/checkpoint-mark'
import { formatSqnr } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { Empty } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'
import { shortName } from './compare-names'
import type { ComparedCheckpoint } from './load-compare'

type CompareWeightsProps = {
  checkpoints: ComparedCheckpoint[]
  /** Ids of the layers all of them have. */
  layers: readonly string[]
  selected: string | null
  onSelect: (layer: string) => void
}

/** Where no outputs can be compared: each layer's weights against the teacher's, in the order of the file. */
export function CompareWeights({ checkpoints, layers, selected, onSelect }: CompareWeightsProps) {
  const columns = checkpoints.map((checkpoint) => ({
    checkpoint,
    byId: new Map(checkpoint.layers.map((layer) => [layer.id, layer.teacherSqnr])),
  }))
  if (layers.length === 0)
    return (
      <>
        <h2>Layers by their weights</h2>
        <Empty title="No layer in common">
          <p>Weights are compared layer by layer, by name.</p>
        </Empty>
      </>
    )
  return (
    <>
      <h2>Layers by their weights</h2>
      <p className="caption">
        SQNR of the weights in use against the teacher’s, dB, higher is better ↑. A picked layer is drawn with
        its weights.
      </p>
      <TableScroll label="Layers by their weights">
        <table className="plain compare-weights">
          <thead>
            <tr>
              <th scope="col">layer</th>
              {checkpoints.map((c) => (
                <th key={c.id} scope="col" className="num">
                  <span className="run-name">
                    <CheckpointBadge look={{ slot: c.run.slot, age: c.age }} /> {shortName(c, checkpoints)}
                  </span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {layers.map((id) => (
              <tr key={id} className={id === selected ? 'picked' : undefined}>
                <th scope="row" className="mono">
                  <button
                    type="button"
                    className="text-button"
                    aria-pressed={id === selected}
                    onClick={() => onSelect(id)}
                  >
                    <LayerName id={id} />
                  </button>
                </th>
                {columns.map(({ checkpoint, byId }) => (
                  <td key={checkpoint.id} className="num">
                    {formatSqnr(byId.get(id) ?? null)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </>
  )
}
