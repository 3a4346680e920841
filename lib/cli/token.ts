/** Tokens that jobs and readers show the server. */
import { createToken, listTokens, revokeToken } from '../store/tokens'
import { InputError } from '../tensor/error'
import { type Command, type Flags, onlyPositional, printResult } from './command'
import { withStore } from './with-store'

export const tokenCommand: Command = {
  summary: 'make, list and revoke the tokens that training jobs and readers show the server',
  help: `usage: token create NAME [--read]
       token list
       token revoke NAME

A token is shown once and lets its bearer read and write; with --read only read. Jobs send it as
"Authorization: Bearer TOKEN" or by $SIGNSCOPE_TOKEN, people on the page /sign-in. Once a token was made,
writing needs one; with SIGNSCOPE_PRIVATE=1 on the server reading does too. The store is ./data, or $SIGNSCOPE_DATA.

  --read  it may only read
  --json  one JSON document on stdout`,
  options: { read: { type: 'boolean' }, json: { type: 'boolean' } },
  async run([action, ...names], flags) {
    const actions = new Map([
      ['create', create],
      ['list', list],
      ['revoke', revoke],
    ])
    const act = actions.get(action ?? '')
    if (!act)
      throw new InputError({
        file: action ?? 'token',
        problem: 'say what to do',
        remedy: 'Use create, list or revoke; see --help.',
      })
    await withStore(() => act(names, flags))
    return 0
  },
}

async function create(names: string[], flags: Flags): Promise<void> {
  const name = onlyPositional(names, 'NAME')
  const scope = flags.read ? 'read' : 'write'
  const token = await createToken(name, scope)
  console.error(`${name} may ${scope === 'read' ? 'read' : 'read and write'}; this is shown once:`)
  printResult(flags, { name, scope, token }, token)
}

async function list(_names: string[], flags: Flags): Promise<void> {
  const tokens = await listTokens()
  const lines = tokens.map(
    ({ name, scope, createdAt, revokedAt }) =>
      `${name}  ${scope}  made ${createdAt.slice(0, 10)}${revokedAt ? `, revoked ${revokedAt.slice(0, 10)}` : ''}`,
  )
  printResult(flags, tokens, lines.join('\n') || 'There are no tokens.')
}

async function revoke(names: string[], flags: Flags): Promise<void> {
  const name = onlyPositional(names, 'NAME')
  await revokeToken(name)
  printResult(flags, { name, revoked: true }, `${name} opens nothing any more`)
}
