'use client'

import Link from 'next/link'
import { HoverRow } from '../_charts/hover'
import { Card } from '../_ui/card'
import { formatFixed } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'
import type { ToldStandout } from './load'

type StandoutsCardProps = { standouts: readonly ToldStandout[]; layerHref: (layer: string) => string }

/** Layers, and modules by their axes, that are unlike the others, the furthest out first. */
export function StandoutsCard({ standouts, layerHref }: StandoutsCardProps) {
  return (
    <Card
      title="Which layer stands out"
      caption="By its bases, the step of its input, or the axes its training stored. Each layer is held against its own kind, measure by measure: (value − median) / (next worst − median). 1 is as far out as another layer; from 2 on look at it first."
    >
      <TableScroll label="Layers that stand out" className="numbers">
        <table className="plain stacked">
          <thead>
            <tr>
              <th scope="col">layer</th>
              <th scope="col">it is the worst by</th>
              <th scope="col" className="num">
                <Term id="standsOut">how far out</Term> ↓
              </th>
            </tr>
          </thead>
          <tbody>
            {standouts.map(({ layer, isModule, words, score }) => (
              <HoverRow key={layer} layer={layer}>
                <th scope="row" className="mono">
                  {isModule ? layer : <Link href={layerHref(layer)}>{layer}</Link>}
                </th>
                <td>{words}</td>
                <td className="num" data-name="how far out">
                  {formatFixed(score, 1)}
                </td>
              </HoverRow>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  )
}
