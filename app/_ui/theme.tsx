'use client'

import { useTheme } from '../_charts/use-theme'
import { themeCookie } from './theme-cookie'
import { useKeys } from './use-keys'

const year = 365 * 24 * 3600

/** Switches the theme and remembers it in a cookie; until then the system's choice holds. */
export function ThemeSwitch() {
  const theme = useTheme()
  function flip() {
    const next = theme === 'dark' ? 'light' : 'dark'
    document.documentElement.dataset.theme = next
    // biome-ignore lint/suspicious/noDocumentCookie: the server reads it, so that no page flashes the other theme
    document.cookie = `${themeCookie}=${next}; path=/; max-age=${year}; samesite=lax`
  }
  useKeys({ T: flip })
  return (
    <button type="button" className="button" onClick={flip} aria-label={`Theme: ${theme}. Switch`}>
      {theme === 'dark' ? 'Dark' : 'Light'}
    </button>
  )
}
