import { type Command, list } from './command'
import { runScript } from './run-script'

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
    runScript('tests/safety/table.ts', [...list(flags, 'row'), ...(flags.json ? ['--json'] : [])]),
}
