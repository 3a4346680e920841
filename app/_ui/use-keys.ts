'use client'

import { useEffect } from 'react'

const storageKey = 'signscope.keys'

/** Single-letter keys can be switched off (WCAG 2.1.4); on unless the reader said no. */
export const lettersAreOn = (): boolean => localStorage.getItem(storageKey) !== 'off'
export const switchLetters = (on: boolean): void => localStorage.setItem(storageKey, on ? 'on' : 'off')

/** What takes letters and arrows for itself; boxes to tick and buttons do not. */
const fields =
  'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable="true"], dialog, [popover]'

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(fields) !== null
}

const shifted = ({ key, shiftKey }: KeyboardEvent): string =>
  shiftKey && /^[a-z]$/i.test(key) ? key.toUpperCase() : key

type Keys = Record<string, () => void>

/** What the page listens to at the moment, for the keyboard map. */
const listening = new Set<Keys>()

export const listenedKeys = (): Set<string> => new Set([...listening].flatMap((keys) => Object.keys(keys)))

/**
 * Page-wide keys by `event.key`; they rest while a field or dialog has focus or a modifier is held. `Mod+k` is Ctrl or Command
 * with K, which works everywhere.
 */
export function useKeys(keys: Keys): void {
  useEffect(() => {
    function handle(event: KeyboardEvent) {
      const modified = event.ctrlKey || event.metaKey
      if (event.defaultPrevented || event.altKey || (!modified && isTyping(event.target))) return
      const key = modified
        ? `Mod+${event.shiftKey ? 'Shift+' : ''}${event.key.toLowerCase()}`
        : shifted(event)
      const action = keys[key]
      if (!action || (key.length === 1 && !lettersAreOn())) return
      event.preventDefault()
      action()
    }
    window.addEventListener('keydown', handle)
    listening.add(keys)
    return () => {
      window.removeEventListener('keydown', handle)
      listening.delete(keys)
    }
  })
}
