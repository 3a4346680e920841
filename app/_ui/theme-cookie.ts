/** Holds 'light' or 'dark' once a reader has chosen. */
export const themeCookie = 'signscope-theme'

/** The chosen theme, or undefined for anything else. */
export function themeFrom(value: string | undefined): 'light' | 'dark' | undefined {
  return value === 'light' || value === 'dark' ? value : undefined
}
