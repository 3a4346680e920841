/** Training settings of several runs as one table of plain strings. */

/** A nested record as dotted keys: {quant: {bases: 2}} -> {'quant.bases': '2'}. Lists stay one value; null is left out. */
export function flattenSettings(settings: Record<string, unknown>, prefix = ''): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const [name, value] of Object.entries(settings)) {
    const key = prefix + name
    if (value === null || value === undefined) continue
    if (typeof value === 'object' && !Array.isArray(value))
      Object.assign(flat, flattenSettings(value as Record<string, unknown>, `${key}.`))
    else flat[key] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  return flat
}

export type SettingRow = {
  key: string
  /** One per run; null where the run does not have it. */
  values: (string | null)[]
  differs: boolean
}

/** Every key of any run, in order of first appearance. */
export function settingRows(flat: readonly Record<string, string>[]): SettingRow[] {
  const keys = new Set(flat.flatMap((settings) => Object.keys(settings)))
  return [...keys].map((key) => {
    const values = flat.map((settings) => settings[key] ?? null)
    return { key, values, differs: new Set(values).size > 1 }
  })
}
