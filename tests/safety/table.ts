/**
 * Measures the rows of this folder one after the other and prints them as a Markdown table, or as JSON.
 *
 *   npm run --silent cli -- bench safety [--row N]... [--json]
 *
 * The exit code is 1 if a row does not hold, 2 if there is no such row.
 */
import { readdirSync } from 'node:fs'
import type { Measurement, SafetyRow } from './row'

type Result = { row: number; test: string; gate: string; seconds: number } & Measurement

const folder = import.meta.dirname ?? '.'
const say = (line: string) => console.error(line)

/** Numbers of the rows, each with its file. */
function rowFiles(): Map<number, string> {
  const names = readdirSync(folder).filter((name) => /^\d\d-[a-z-]+\.ts$/.test(name))
  return new Map(names.sort().map((name) => [Number(name.slice(0, 2)), name]))
}

async function measure(number: number, file: string): Promise<Result> {
  const { row } = (await import(`./${file}`)) as { row: SafetyRow }
  say(`${number}. ${row.test}`)
  const started = Date.now()
  const measurement = await row.measure((line) => say(`   ${line}`)).catch(failed)
  const seconds = Math.round((Date.now() - started) / 100) / 10
  say(`   ${measurement.holds ? 'holds' : 'DOES NOT HOLD'}: ${measurement.found} (${seconds} s)`)
  return { row: number, test: row.test, gate: row.gate, seconds, ...measurement }
}

function failed(error: Error): Measurement {
  say(error.stack ?? error.message)
  return { holds: false, found: `failed: ${error.message.split('\n')[0]}`, figures: {} }
}

function markdown(results: readonly Result[]): string {
  const cells = results.map(({ row, test, gate, found, holds }) => [
    String(row),
    test,
    gate,
    found,
    holds ? 'yes' : 'NO',
  ])
  const lines = [['#', 'test', 'must hold', 'found', 'holds'], Array(5).fill('---'), ...cells]
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

const args = process.argv.slice(2)
const files = rowFiles()
const asked = args.filter((arg) => arg !== '--json').map(Number)
const unknown = asked.find((number) => !files.has(number))
if (unknown !== undefined) {
  console.error(`--row: there is no such row. Use one of ${[...files.keys()].join(', ')}.`)
  process.exit(2)
}
const results: Result[] = []
for (const [number, file] of files)
  if (asked.length === 0 || asked.includes(number)) results.push(await measure(number, file))
console.log(
  args.includes('--json') ? JSON.stringify({ node: process.version, rows: results }) : markdown(results),
)
process.exit(results.every(({ holds }) => holds) ? 0 : 1)
