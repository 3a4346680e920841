'use client'

import { useState } from 'react'
import { lettersAreOn, listenedKeys, switchLetters } from './use-keys'

type Entry = {
  what: string
  names: string[]
  /** Keys of the page, as useKeys has them; `chart`: keys of a focused chart. Shown only where one of them works. */
  page?: string[]
  chart?: 'any' | 'arrows' | 'enter' | 'zoom'
}

const entries: Entry[] = [
  { what: 'Move the selection of the focused chart', names: ['←', '→', '↑', '↓'], chart: 'arrows' },
  { what: 'Open the layer selected in the focused chart', names: ['Enter'], chart: 'enter' },
  { what: 'Fewer, more steps in the focused chart', names: ['+', '-'], chart: 'zoom' },
  { what: 'Earlier, later steps in the focused chart', names: ['Shift', '←', '→'], chart: 'zoom' },
  { what: 'All steps in the focused chart', names: ['Esc'], chart: 'zoom' },
  { what: 'Table behind the focused chart', names: ['T'], chart: 'any' },
  { what: 'Step of the sampling before, after', names: ['←', '→'], page: ['ArrowLeft', 'ArrowRight'] },
  { what: 'Play, stop', names: ['Space'], page: [' '] },
  { what: 'Checkpoint before, after', names: ['[', ']'], page: ['[', ']'] },
  { what: 'Next worse layer', names: ['N'], page: ['n'] },
  { what: 'Metric', names: ['M'], page: ['m'] },
  { what: 'Error: accumulated, local, inherited', names: ['E'], page: ['e'] },
  { what: 'Compare the picked runs', names: ['C'], page: ['c'] },
  { what: 'Filter', names: ['/'], page: ['/'] },
  { what: 'Clear the picked runs', names: ['Esc'], page: ['Escape'] },
  { what: 'Jump to a run, checkpoint, layer or page', names: ['Ctrl or ⌘', 'K'], page: ['Mod+k'] },
  { what: 'Share this view', names: ['S'], page: ['s'] },
  { what: 'Light or dark theme', names: ['Shift', 'T'], page: ['T'] },
  { what: 'This map', names: ['?'], page: ['?'] },
]

/** The entries that do something on a page with these keys and charts. */
export function usableEntries(page: ReadonlySet<string>, charts: readonly string[]): Entry[] {
  return entries.filter(
    (entry) =>
      entry.page?.some((key) => page.has(key)) ||
      (entry.chart === 'any' && charts.length > 0) ||
      charts.some((keys) => entry.chart && keys.split(' ').includes(entry.chart)),
  )
}

/** What the charts on the page take, one string each: '', 'arrows', 'arrows enter', 'zoom', ... */
const chartKeys = (): string[] =>
  [...document.querySelectorAll<HTMLElement>('.chart .plot')].map((plot) => plot.dataset.keys ?? '')

/** The keys that do something here, and the switch for single letters. */
export default function KeyList() {
  const [letters, setLetters] = useState(lettersAreOn)
  const [shown] = useState(() => usableEntries(listenedKeys(), chartKeys()))
  return (
    <>
      <table className="plain">
        <tbody>
          {shown.map(({ what, names }) => (
            <tr key={what}>
              <td>{what}</td>
              <td className="num">
                {names.map((name) => (
                  <kbd key={name} style={{ marginLeft: 6 }}>
                    {name}
                  </kbd>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <label style={{ display: 'flex', gap: 8, marginBlock: 12 }}>
        <input
          type="checkbox"
          checked={letters}
          onChange={(event) => {
            switchLetters(event.target.checked)
            setLetters(event.target.checked)
          }}
        />
        Single-letter keys are on
      </label>
    </>
  )
}
