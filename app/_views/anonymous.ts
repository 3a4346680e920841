/**
 * Views without names: runs get letters, files and machines neutral words. Everything a page is given passes through here
 * on the server, so that no name is in what is sent; what a text might say is left out rather than searched.
 */
import os from 'node:os'
import type { RunSummary } from '../../lib/record/run'

/** Real name -> neutral name. */
export type Aliases = ReadonlyMap<string, string>

/** Keys whose values are words of this program and never names, though a run may be called the same. */
const vocabulary = new Set(
  'role kind method bits family page state code severity subject part level sampler channels unit network mode schedule'.split(
    ' ',
  ),
)

/** Settings come from outside: of them numbers and switches are shown, and no text. */
const settingsKeys = new Set(['settings', 'config'])

/** Pixels and packed series, in which letters mean nothing. */
const isEncoded = (text: string): boolean => text.length > 200 && !/\s/.test(text)

/** "A" to "Z", "AA", ... */
export function letters(i: number): string {
  return (i >= 26 ? letters(Math.floor(i / 26) - 1) : '') + String.fromCharCode(65 + (i % 26))
}

/** A letter for every run, those of the view first; files are named after nothing. */
export function aliasesOf(runs: readonly RunSummary[], shown: readonly string[]): Aliases {
  const place = (run: RunSummary) => {
    const at = run.checkpoints.map(({ id }) => shown.indexOf(id)).filter((i) => i >= 0)
    return at.length > 0 ? Math.min(...at) : shown.length
  }
  const ordered = runs.toSorted((a, b) => place(a) - place(b))
  const named = (role: RunSummary['role']) =>
    ordered.filter((run) => run.role === role).map((run, i) => [run.name, `${role} ${letters(i)}`] as const)
  const files = runs.flatMap((run) =>
    run.checkpoints.map(({ fileName }) => [fileName, 'checkpoint'] as const),
  )
  return new Map([[os.hostname(), 'this machine'], ...files, ...named('teacher'), ...named('student')])
}

/** The same data with every name replaced. Keys stay: data is keyed by fields and layers. */
export function anonymised<T>(data: T, aliases: Aliases): T {
  const replace = replacer(aliases)
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return vocabulary.has(key) || isEncoded(value) ? value : replace(value)
    if (value instanceof Promise) return value.then((settled) => walk(settled, key))
    if (Array.isArray(value)) return value.map((item) => walk(item, key))
    if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, of]) => [
        name,
        settingsKeys.has(name) ? withoutTexts(of) : name === 'variant' ? plainVariant(of) : walk(of, name),
      ]),
    )
  }
  return walk(data, '') as T
}

/** Replaces names where they stand as words, the longest first: "mnist-lmb" is no part of "mnist-lmb-lrm". */
function replacer(aliases: Aliases): (text: string) => string {
  const names = [...aliases.keys()].filter(Boolean).sort((a, b) => b.length - a.length)
  if (names.length === 0) return (text) => text
  const escaped = names.map((name) => name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\w-])(?:${escaped.join('|')})(?![\\w-])`, 'g')
  return (text) => text.replaceAll(pattern, (name) => aliases.get(name)!)
}

const isPlain = (value: unknown): boolean =>
  typeof value !== 'string' || /^(-?\d[\d.e+-]*|true|false|null|W\d+A\d+)$/.test(value)

/** Settings, of which a text may be a path, a note or a name. */
function withoutTexts(settings: unknown): unknown {
  if (Array.isArray(settings)) return settings.map(withoutTexts)
  if (settings !== null && typeof settings === 'object')
    return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, withoutTexts(value)]))
  return isPlain(settings) ? settings : 'withheld'
}

/** "W1A8, lr 0.1, data ours" -> "W1A8, lr 0.1, data withheld": by what two groups of results differ. */
function plainVariant(variant: unknown): unknown {
  if (typeof variant !== 'string' || variant === '') return variant
  return variant
    .split(', ')
    .map((part) => {
      const [name, ...value] = part.split(' ')
      return value.length === 0 || isPlain(value.join(' ')) ? part : `${name} withheld`
    })
    .join(', ')
}
