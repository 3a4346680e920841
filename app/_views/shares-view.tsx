'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState, useTransition } from 'react'
import { pageUrl } from '../../lib/record/view'
import type { ShareRow } from '../../lib/store/shares'
import { Card } from '../_ui/card'
import { formatCount } from '../_ui/format'
import { Empty } from '../_ui/states'
import { TableScroll } from '../_ui/table-scroll'

type MadeLink = ShareRow & { age: string; ended: boolean }

/** Every link that was made, until when it opens its view, and the button that ends it. */
export function SharesView({ links }: { links: MadeLink[] }) {
  const open = links.filter((link) => !link.ended && link.revokedAt === null).length
  return (
    <>
      <h1>Shared links</h1>
      <Card>
        {links.length === 0 ? (
          <Empty title="No link was made yet" level={2}>
            <p>“Share view” on a page freezes what it shows behind a short link.</p>
          </Empty>
        ) : (
          <>
            <p className="caption">
              {open} of {links.length} {links.length === 1 ? 'link' : 'links'} open. Openings include those of
              chat tools that fetch a preview.
            </p>
            <TableScroll label="Shared links">
              <table className="plain stacked">
                <thead>
                  <tr>
                    <th scope="col">View</th>
                    <th scope="col">Made</th>
                    <th scope="col">Ends</th>
                    <th scope="col">Opened</th>
                    <th scope="col">
                      <span className="unseen">Revoke</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {links.map((link) => (
                    <LinkRow key={link.id} link={link} />
                  ))}
                </tbody>
              </table>
            </TableScroll>
          </>
        )}
      </Card>
    </>
  )
}

function LinkRow({ link }: { link: MadeLink }) {
  const { id, page, run, layer, query, checkpoints, anonymous, opened, openedAt, age } = link
  const name = nameOf(link)
  return (
    <tr>
      <th scope="row">
        <Link href={`${pageUrl(page, run, layer)}${query ? `?${query}` : ''}`}>{name}</Link>
        <span className="run-about" style={{ paddingLeft: 0 }}>
          {formatCount(checkpoints.length)} {checkpoints.length === 1 ? 'checkpoint' : 'checkpoints'}
          {anonymous && ', anonymous'}
        </span>
      </th>
      <td data-name="made" title={link.createdAt}>
        {age}
      </td>
      <td data-name="ends">{endOf(link)}</td>
      <td data-name="opened" title={openedAt ?? undefined}>
        {opened === 0 ? 'never' : opened === 1 ? 'once' : `${formatCount(opened)} times`}
      </td>
      <td>{!link.ended && link.revokedAt === null && <Revoke id={id} name={`${name}, made ${age}`} />}</td>
    </tr>
  )
}

/** "mnist-lmb, layer conv_in" */
function nameOf({ page, run, layer }: ShareRow): string {
  const pages = { runs: 'Runs', compare: 'Comparison', results: 'Results', run, layer: `${run}, ${layer}` }
  return page === 'sample' ? `${run}, samples` : (pages[page] ?? page)
}

function endOf({ expiresAt, revokedAt, ended }: MadeLink): string {
  if (revokedAt) return `revoked ${revokedAt.slice(0, 10)}`
  if (!expiresAt) return 'never'
  return `${ended ? 'ended ' : ''}${expiresAt.slice(0, 16).replace('T', ' ')} UTC`
}

function Revoke({ id, name }: { id: string; name: string }) {
  const router = useRouter()
  const [working, startTransition] = useTransition()
  const [problem, setProblem] = useState<string | null>(null)
  const revoke = () =>
    startTransition(async () => {
      const answer = await fetch(`/api/v1/shares/${id}`, { method: 'DELETE' }).catch(() => null)
      const body = answer && !answer.ok ? await answer.json().catch(() => null) : null
      setProblem(answer?.ok ? null : (body?.error?.message ?? 'The server did not answer.'))
      router.refresh()
    })
  return (
    <>
      <button
        type="button"
        className="button"
        aria-label={`Revoke the link to ${name}`}
        disabled={working}
        onClick={revoke}
      >
        Revoke
      </button>
      {problem && (
        <p className="worse small" role="alert">
          ◆ {problem}
        </p>
      )}
    </>
  )
}
