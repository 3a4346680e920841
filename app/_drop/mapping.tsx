'use client'

import { useState } from 'react'
import { formatCount } from '../_ui/format'
import type { FoundCheckpoint, NetworkView } from './plan'

/** Names shown of a network that is not searched: the first and the last few. */
const ends = { first: 6, last: 4 }
/** Hits shown of a search. */
const mostHits = 50

type MappingProps = { role: string; network: NetworkView; file: FoundCheckpoint }

/** Which stored tensor is taken for which tensor of the network, what is missing and what stays unused. */
export function Mapping({ role, network, file }: MappingProps) {
  const [query, setQuery] = useState('')
  const { names, missing } = network
  const words = query.trim().toLowerCase()
  const hits = words ? names.filter((pair) => pair.some((name) => name.toLowerCase().includes(words))) : names
  const all = hits.length <= ends.first + ends.last
  const head = words ? hits.slice(0, mostHits) : all ? hits : hits.slice(0, ends.first)
  const tail = words || all ? [] : hits.slice(-ends.last)
  const hidden = hits.length - head.length - tail.length
  const beside = file.beside.map(([prefix, tensors]) => `${prefix || '(bare names)'} ${formatCount(tensors)}`)

  return (
    <details className="mapping">
      <summary>
        Mapping of the {role}: {formatCount(names.length)} tensors
        {missing.length > 0 && `, ${formatCount(missing.length)} missing`}
      </summary>
      {names.length > ends.first + ends.last && (
        <label className="small">
          Search names{' '}
          <input
            className="field"
            type="search"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        </label>
      )}
      <div className="table-scroll">
        <table className="plain small">
          <caption className="unseen">Tensors of the {role} and the names they are stored under</caption>
          <thead>
            <tr>
              <th scope="col">tensor of the network</th>
              <th scope="col">stored as</th>
            </tr>
          </thead>
          <tbody>
            {head.map((pair) => (
              <NamePair key={pair[0]} pair={pair} />
            ))}
            {hidden > 0 && (
              <tr>
                <td colSpan={2} className="soft">
                  {formatCount(head.length + tail.length)} of {formatCount(hits.length)} shown
                </td>
              </tr>
            )}
            {hits.length === 0 && (
              <tr>
                <td colSpan={2} className="soft">
                  No name has “{query.trim()}” in it.
                </td>
              </tr>
            )}
            {tail.map((pair) => (
              <NamePair key={pair[0]} pair={pair} />
            ))}
          </tbody>
        </table>
      </div>
      {missing.length > 0 && (
        <p className="small">
          △ Not in it, though the raw weights have them: <code>{missing.slice(0, 5).join(', ')}</code>
          {missing.length > 5 && ` and ${formatCount(missing.length - 5)} more`}
        </p>
      )}
      <p className="small soft">
        {beside.length > 0
          ? `Of no network in this file: ${beside.slice(0, 8).join(', ')}${beside.length > 8 ? ' …' : ''}`
          : 'Every tensor of the file belongs to a network.'}
      </p>
    </details>
  )
}

function NamePair({ pair: [bare, stored] }: { pair: [string, string] }) {
  return (
    <tr>
      <td className="mono">{bare}</td>
      <td className="mono soft">{stored}</td>
    </tr>
  )
}
