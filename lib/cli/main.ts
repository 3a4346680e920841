/**
 * The command line. `npm run --silent cli -- COMMAND ...`: results on stdout, everything else on stderr,
 * exit code 0, 1 (the answer is no) or 2 (bad usage or bad input).
 */
import { parseArgs } from 'node:util'
import { InputError } from '../tensor/error'
import type { Command } from './command'
import { train } from './train'

const commands: Record<string, Command> = { train }

async function main([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    console.error('usage: npm run --silent cli -- COMMAND ...\n')
    for (const [name, { summary }] of Object.entries(commands)) console.error(`  ${name.padEnd(10)} ${summary}`)
    console.error('\nCOMMAND --help tells more.')
    return name === undefined ? 2 : 0
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    throw new InputError({
      file: name,
      problem: 'there is no such command',
      remedy: `Use one of ${Object.keys(commands).join(', ')}.`,
    })
  }
  const { positionals, values } = parse(command, rest)
  if (values.help) {
    console.error(`${name}: ${command.summary}\n\n${command.help}`)
    return 0
  }
  return command.run(positionals, values)
}

function parse(command: Command, args: string[]) {
  try {
    const options = { ...command.options, help: { type: 'boolean' as const, short: 'h' } }
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    throw new InputError({ file: 'usage', problem: (error as Error).message, remedy: 'See --help.' })
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof InputError)) throw error
  console.error(error.message)
  process.exitCode = 2
}
