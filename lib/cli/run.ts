/** The commands, and how one is found, parsed and run. */
import { parseArgs } from 'node:util'
import { InputError } from '../tensor/error'
import type { Command } from './command'

/** Loaded when asked for: the network and the database take longer to load than most commands run. */
const commands: Record<string, () => Promise<Command>> = {
  inspect: async () => (await import('./inspect')).inspect,
  forward: async () => (await import('./forward')).forward,
  sample: async () => (await import('./sample')).sample,
  binarize: async () => (await import('./binarize')).binarize,
  pack: async () => (await import('./pack')).pack,
  unpack: async () => (await import('./unpack')).unpack,
  diagnose: async () => (await import('./diagnose')).diagnose,
  audit: async () => (await import('./audit')).audit,
  dynamics: async () => (await import('./dynamics')).dynamics,
  check: async () => (await import('./check')).check,
  sensitivity: async () => (await import('./sensitivity')).sensitivity,
  cost: async () => (await import('./cost')).cost,
  import: async () => (await import('./import')).importCommand,
  watch: async () => (await import('./watch')).watch,
  train: async () => (await import('./train')).train,
  bench: async () => (await import('./bench')).bench,
  evaluate: async () => (await import('./evaluate')).evaluate,
  verify: async () => (await import('./verify')).verify,
  backup: async () => (await import('./backup')).backup,
  restore: async () => (await import('./restore')).restore,
  tensorboard: async () => (await import('./tensorboard')).tensorboard,
  share: async () => (await import('./share')).shareCommand,
  token: async () => (await import('./token')).tokenCommand,
}

/** Runs one command line and returns its exit code. Bad usage and bad input are told on stderr, not thrown. */
export async function runCommandLine(args: string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    console.error(error.message)
    return 2
  }
}

async function dispatch([name, ...rest]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h') {
    const lines = ['usage: npm run --silent cli -- COMMAND ...', '']
    for (const [name, load] of Object.entries(commands))
      lines.push(`  ${name.padEnd(11)} ${(await load()).summary}`)
    lines.push(
      '',
      'COMMAND --help tells more. Exit codes: 0, 1 (the answer is no), 2 (bad usage or bad input).',
    )
    // asked for, it is the result; unasked, a complaint
    const print = name === undefined ? console.error : console.log
    print(lines.join('\n'))
    return name === undefined ? 2 : 0
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) {
    throw new InputError({
      file: name,
      problem: 'there is no such command',
      remedy: `Use one of ${Object.keys(commands).join(', ')}.`,
    })
  }
  const command = await load()
  const { positionals, values } = parse(command, rest)
  if (values.help) {
    console.log(`${name}: ${command.summary}\n\n${command.help}`)
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
