/** What a command is, and the parts every command shares: flags, errors, progress. */
import type { ParseArgsConfig } from 'node:util'
import { InputError } from '../tensor/error'

export type Flags = Record<string, string | boolean | (string | boolean)[] | undefined>

export type Command = {
  /** One line for the overview. */
  summary: string
  /** Everything --help prints below the summary: usage, each flag with its default, examples. */
  help: string
  options: NonNullable<ParseArgsConfig['options']>
  /** Returns the exit code: 0, or 1 when the answer is no. Bad usage and bad input throw InputError (exit 2). */
  run(positionals: string[], flags: Flags): Promise<number>
}

/** Flags of every command that reads a checkpoint. */
export const checkpointOptions = {
  config: { type: 'string' },
  network: { type: 'string' },
  mode: { type: 'string' },
  json: { type: 'boolean' },
} satisfies Command['options']

export const checkpointHelp = `  --config FILE    the family's own configuration (yaml or json); a config.json beside the weights is found by itself
  --network NAME   which network of a file that holds several: raw, ema, teacher, teacher-ema, or the prefix of its names
                   (default: ema, if it can be used; see inspect)
  --mode MODE      how a student is read: stored (default), full (latent floats), w_only (float activations), w_a_frozen, reload
                   or as_published (what BinaryDM's code computes after loading); _a4 or _a8 behind it sets the bits,
                   .1, .2 or .rule the bases: as_published_a4.rule
  --json           one JSON document on stdout`

/** Prints a result on stdout: as one JSON document with --json, else as text. */
export function printResult(flags: Flags, result: unknown, words: string): void {
  console.log(flags.json ? JSON.stringify(result, null, 2) : words)
}

/** The values of a flag that may be repeated. */
export function list(flags: Flags, name: string): string[] {
  const value = flags[name]
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : []
}

/** The value of a string flag, or undefined. */
export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

/** A string flag that must be there. */
export function needed(flags: Flags, name: string): string {
  const value = text(flags, name)
  if (value !== undefined) return value
  throw new InputError({
    file: `--${name}`,
    problem: 'this option is missing',
    remedy: 'See --help.',
  })
}

/** A number flag with a default. Throws an InputError for anything that is not a finite number. */
export function number(flags: Flags, name: string, otherwise: number): number {
  const value = text(flags, name)
  if (value === undefined) return otherwise
  const parsed = Number(value)
  if (value.trim() !== '' && Number.isFinite(parsed)) return parsed
  throw new InputError({ file: `--${name}`, problem: `${value} is not a number`, remedy: 'See --help.' })
}

/** A whole-number flag within a range. */
export function wholeNumber(
  flags: Flags,
  name: string,
  otherwise: number,
  [least, most]: readonly [number, number],
): number {
  const value = number(flags, name, otherwise)
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new InputError({
    file: `--${name}`,
    problem: `${value} is not a whole number from ${least} to ${most}`,
    remedy: 'See --help.',
  })
}

/** A flag with a fixed set of values. */
export function oneOf<T extends string>(flags: Flags, name: string, values: readonly T[], otherwise: T): T {
  const value = text(flags, name) ?? otherwise
  const found = values.find((v) => v === value)
  if (found) return found
  throw new InputError({
    file: `--${name}`,
    problem: `${value} is not one of ${values.join(', ')}`,
    remedy: 'See --help.',
  })
}

/** The single file a command works on. */
export function onlyPositional(positionals: string[], what: string): string {
  const [first] = positionals
  if (first !== undefined && positionals.length === 1) return first
  throw new InputError({
    file: what,
    problem: `${positionals.length} given, one needed`,
    remedy: 'See --help.',
  })
}

/**
 * A progress bar on stderr with time left; on a terminal only, and only once a second has passed.
 * Call with the share done (0 to 1) and a few words; the last call (share 1) clears it.
 */
export function progressBar(label: string): (share: number, words?: string) => void {
  const started = Date.now()
  return (share, words = '') => {
    if (!process.stderr.isTTY || Date.now() - started < 1000) return
    if (share >= 1) {
      process.stderr.write('\r\x1b[K')
      return
    }
    const filled = Math.round(share * 24)
    const bar = '█'.repeat(filled) + '░'.repeat(24 - filled)
    const left = share > 0 ? duration(((Date.now() - started) / 1000) * (1 / share - 1)) : ''
    process.stderr.write(
      `\r\x1b[K${label} ${bar} ${Math.round(share * 100)} % ${words} ${left && `${left} left`}`,
    )
  }
}

/** 75 s, 12 min, 1 h 05 min */
export function duration(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
