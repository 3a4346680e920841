import { listRuns } from '../../lib/store/runs'
import type { OpenShare } from '../../lib/store/shares'
import { aliasesOf, anonymised } from './anonymous'

/** Gives what a link shows the names it may tell: as they are, or neutral ones. */
export async function namesOf(share: OpenShare): Promise<<T>(data: T) => T> {
  if (!share.anonymous) return (data) => data
  const aliases = aliasesOf(await listRuns(), share.checkpoints)
  return (data) => anonymised(data, aliases)
}
