'use client'

import { useState } from 'react'
import { chooseBases, chooseInput, resetLayers } from '../../lib/quant/switch-choice'
import { inputBits } from '../../lib/record/switches'
import { Card } from '../_ui/card'
import { shortLayerId } from '../_ui/format'
import { Segmented } from '../_ui/segmented'
import { TableScroll } from '../_ui/table-scroll'
import { precisionAt, precisionWords } from './what-if-ledger'
import type { WhatIfProps } from './what-if-props'
import { WhatIfResult } from './what-if-result'

const filters = ['all', 'changed'] as const
type Filter = (typeof filters)[number]

/** Switches any layer or block of the student to another precision; pictures, errors and ledger follow. */
export function WhatIf({ student, switches, onChange, now, stored }: WhatIfProps) {
  const [filter, setFilter] = useState<Filter>('all')
  const [opened, setOpened] = useState<ReadonlySet<string>>(new Set())
  const { blocks } = student
  const isChanged = (index: number) => switches.has(index)
  const changedOnly = filter === 'changed' && switches.size > 0
  const shown = changedOnly ? blocks.filter(({ layers }) => layers.some(isChanged)) : blocks
  const toggle = (id: string) => {
    const next = new Set(opened)
    if (!next.delete(id)) next.add(id)
    setOpened(next)
  }
  return (
    <Card
      title="What if a layer had another precision?"
      caption="Nothing is trained: full precision (FP) is the teacher’s layer, a dropped basis leaves the first as it is, a new one is fitted to what the first leaves. Pictures, errors and ledger follow; the link keeps the switches."
    >
      <div className="what-if">
        <div>
          <div className="what-if-tools">
            <Segmented
              label="Layers listed"
              value={changedOnly ? 'changed' : 'all'}
              onChange={setFilter}
              options={[
                { value: 'all', label: `all ${student.layers.length} layers` },
                { value: 'changed', label: `${switches.size} changed`, disabled: switches.size === 0 },
              ]}
            />
            <button
              type="button"
              className="button"
              disabled={switches.size === 0}
              onClick={() => onChange(new Map())}
            >
              Reset to stored
            </button>
          </div>
          <TableScroll label="Layers and their precision">
            <table className="plain what-if-layers">
              <thead>
                <tr>
                  <th scope="col">block, layer</th>
                  <th scope="col" className="stored">
                    as stored
                  </th>
                  <th scope="col">weights</th>
                  <th scope="col">input bits</th>
                  <th scope="col">
                    <span className="unseen">Undo</span>
                  </th>
                </tr>
              </thead>
              {shown.map(({ id, layers }) => {
                const open = layers.length > 1 && (changedOnly || opened.has(id))
                const listed = changedOnly ? layers.filter(isChanged) : layers
                const row = { student, switches, onChange }
                return (
                  <tbody key={id}>
                    <Row {...row} name={id} places={layers} open={open} onToggle={() => toggle(id)} />
                    {open &&
                      listed.map((index) => (
                        <Row
                          key={index}
                          {...row}
                          name={student.layers[index]!.layer.id}
                          places={[index]}
                          inside={id}
                        />
                      ))}
                  </tbody>
                )
              })}
            </table>
          </TableScroll>
        </div>
        <WhatIfResult student={student} switches={switches} now={now} stored={stored} />
      </div>
    </Card>
  )
}

type RowProps = Pick<WhatIfProps, 'student' | 'switches' | 'onChange'> & {
  name: string
  places: readonly number[]
  /** The block a layer is listed in. */
  inside?: string
  open?: boolean
  onToggle?: () => void
}

/** A layer, or a block whose controls set all of its layers. */
function Row({ student, switches, onChange, name, places, inside, open = false, onToggle }: RowProps) {
  const stored = (index: number) => student.layers[index]!.precision
  const now = places.map((index) => precisionAt(student, switches, index))
  const changed = places.some((index) => switches.has(index))
  const words = commonOf(places.map((index) => precisionWords(stored(index))))
  const bases = commonOf(now.map((p) => (p.method === 'lsq' ? null : p.bases)))
  const bits = commonOf(now.map((p) => p.activationBits))
  const short =
    inside === undefined ? shortLayerId(name, 30) : shortLayerId(name.replace(`${inside}.`, ''), 26)
  const isBlock = inside === undefined && places.length > 1
  return (
    <tr className={inside === undefined ? 'block' : 'layer'} data-changed={changed}>
      <th scope="row" title={name}>
        {isBlock ? (
          <button type="button" className="text-button mono" aria-expanded={open} onClick={onToggle}>
            <span aria-hidden>{open ? '▾' : '▸'}</span>
            {short} <span className="soft">({places.length}</span>
            <span className="unseen"> layers</span>
            <span className="soft">)</span>
          </button>
        ) : (
          <span className="mono">{short}</span>
        )}
      </th>
      <td className="stored soft">{words ?? 'mixed'}</td>
      <td>
        <Segmented
          label={`Weights of ${name}`}
          value={bases === null ? null : basesNames[bases].value}
          onChange={(value) => onChange(chooseBases(switches, places, stored, basesBy[value]))}
          options={Object.values(basesNames)}
        />
      </td>
      <td>
        <Segmented
          label={`Input bits of ${name}`}
          value={bits === null ? null : (String(bits) as `${(typeof inputBits)[number]}`)}
          onChange={(value) =>
            onChange(chooseInput(switches, places, stored, inputBits.find((b) => String(b) === value)!))
          }
          options={inputBits.map((b) => ({ value: String(b) as `${typeof b}`, label: String(b) }))}
        />
      </td>
      <td>
        <button
          type="button"
          className="text-button"
          style={{ visibility: changed ? 'visible' : 'hidden' }}
          aria-label={`Undo ${name}`}
          onClick={() => onChange(resetLayers(switches, places))}
        >
          undo
        </button>
      </td>
    </tr>
  )
}

const basesNames = {
  0: { value: 'full', label: 'FP', title: 'Full precision: the teacher’s layer' },
  1: { value: 'one', label: '1', title: 'One sign basis' },
  2: { value: 'two', label: '2', title: 'Two sign bases' },
} as const

const basesBy = { full: 0, one: 1, two: 2 } as const

/** The value all of them have; null if they differ. */
function commonOf<T>(values: readonly T[]): T | null {
  const [first] = values
  return first !== undefined && values.every((value) => value === first) ? first : null
}
