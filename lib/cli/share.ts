/** Share links that were made: which, until when, how often opened; and the end of one. */
import { pageUrl } from '../record/view'
import { listShares, revokeShare, type ShareRow } from '../store/shares'
import { InputError } from '../tensor/error'
import { type Command, type Flags, onlyPositional, printResult } from './command'
import { withStore } from './with-store'

export const shareCommand: Command = {
  summary: 'list and revoke the share links of frozen views',
  help: `usage: share list
       share revoke ID

Links are made on the pages, with "Share view"; the link itself is shown once. A revoked link opens nothing from that
moment on. The store is ./data, or $SIGNSCOPE_DATA.

  --json  one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  async run([action, ...ids], flags) {
    const actions = new Map([
      ['list', list],
      ['revoke', revoke],
    ])
    const act = actions.get(action ?? '')
    if (!act)
      throw new InputError({
        file: action ?? 'share',
        problem: 'say what to do',
        remedy: 'Use list or revoke; see --help.',
      })
    await withStore(() => act(ids, flags))
    return 0
  },
}

async function list(_ids: string[], flags: Flags): Promise<void> {
  const shares = await listShares()
  printResult(flags, shares, shares.map(lineOf).join('\n') || 'There are no links.')
}

function lineOf(share: ShareRow): string {
  const { id, page, run, layer, createdAt, expiresAt, revokedAt, opened, anonymous } = share
  const end = revokedAt
    ? `revoked ${revokedAt.slice(0, 10)}`
    : expiresAt
      ? `until ${expiresAt.slice(0, 10)}`
      : 'without end'
  const what = pageUrl(page, run, layer)
  return `${id}  ${what}${anonymous ? ', anonymous' : ''}  made ${createdAt.slice(0, 10)}, ${end}, opened ${opened} times`
}

async function revoke(ids: string[], flags: Flags): Promise<void> {
  const id = onlyPositional(ids, 'ID')
  await revokeShare(id)
  printResult(flags, { id, revoked: true }, `${id} opens nothing any more`)
}
