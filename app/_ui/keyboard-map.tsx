'use client'

import { Dialog } from 'radix-ui'
import { useState } from 'react'
import { lettersAreOn, switchLetters, useKeys } from './use-keys'

const keys: [string, string[]][] = [
  ['Move selection: layer', ['↑', '↓']],
  ['Move selection: timestep', ['←', '→']],
  ['Checkpoint before, after', ['[', ']']],
  ['Worst layer next', ['N']],
  ['Metric', ['M']],
  ['Open the selected layer', ['Enter']],
  ['Play, stop', ['Space']],
  ['Table behind the focused chart', ['T']],
  ['Share this view', ['S']],
  ['Filter', ['/']],
  ['Clear', ['Esc']],
  ['This map', ['?']],
]

/** The keys, and the switch that turns single letters off. */
export function KeyboardMap() {
  const [open, setOpen] = useState(false)
  const [letters, setLetters] = useState(true)
  function handleOpen(next: boolean) {
    if (next) setLetters(lettersAreOn())
    setOpen(next)
  }
  useKeys({ '?': () => handleOpen(true) })
  return (
    <Dialog.Root open={open} onOpenChange={handleOpen}>
      <Dialog.Trigger className="text-button">
        <kbd>?</kbd> keyboard map
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="floating dialog" aria-describedby={undefined}>
          <Dialog.Title asChild>
            <h2>Keyboard map</h2>
          </Dialog.Title>
          <table className="plain">
            <tbody>
              {keys.map(([what, names]) => (
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
          <Dialog.Close className="button">Close</Dialog.Close>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
