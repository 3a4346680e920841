'use client'

import { useTheme } from '../_charts/use-theme'

/** Switches the theme and remembers it; until then the system's choice holds. */
export function ThemeSwitch() {
  const theme = useTheme()
  function flip() {
    const next = theme === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    localStorage.setItem('signscope.theme', next)
  }
  return (
    <button type="button" className="button" onClick={flip} aria-label={`Theme: ${theme}. Switch`}>
      {theme === 'dark' ? 'Dark' : 'Light'}
    </button>
  )
}
