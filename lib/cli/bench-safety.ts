import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Command, list } from './command'

const table = fileURLToPath(new URL('../../tests/safety/table.ts', import.meta.url))
const root = fileURLToPath(new URL('../../', import.meta.url))

export const benchSafety: Command = {
  summary: 'the table of what must hold: hostile files, kills, full disks, many writers',
  help: `usage: bench safety [--row N]... [--json]

Measures what the README's table of safety says, row by row (tests/safety holds a file for each), in stores of its own
in the temporary folder, and prints the table: what is tested, what must hold, what was found. Exit code 1 if something
does not hold. All rows together take some minutes.

  --row N          only this row; may be repeated
  --json           one JSON document on stdout`,
  options: { row: { type: 'string', multiple: true }, json: { type: 'boolean' } },
  run: (_positionals, flags) =>
    new Promise((resolve, reject) => {
      const args = [...list(flags, 'row'), ...(flags.json ? ['--json'] : [])]
      const child = spawn(process.execPath, ['--import', 'tsx', table, ...args], {
        cwd: root,
        stdio: 'inherit',
      })
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? 1))
    }),
}
