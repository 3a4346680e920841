import Link from 'next/link'
import { pageUrl } from '../../lib/record/view'
import { formatCount } from '../_ui/format'
import type { Outcome } from './queue'

/** What became of each checkpoint so far. */
export function QueueTable({ outcomes }: { outcomes: readonly Outcome[] }) {
  return (
    <div className="table-scroll found-table">
      <table className="plain">
        <caption className="unseen">Checkpoints and what became of them</caption>
        <thead>
          <tr>
            <th scope="col">file</th>
            <th scope="col" className="num">
              step
            </th>
            <th scope="col">outcome</th>
          </tr>
        </thead>
        <tbody>
          {outcomes.map((outcome, i) => (
            <tr key={i}>
              <th scope="row" className="mono">
                {outcome.file}
              </th>
              <td className="num">{outcome.step === null ? '–' : formatCount(outcome.step)}</td>
              <td>
                <OutcomeWords outcome={outcome} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function OutcomeWords({ outcome }: { outcome: Outcome }) {
  if (outcome.state === 'stored')
    return (
      <>
        stored as <Link href={pageUrl('run', outcome.run, null)}>{outcome.run}</Link>
      </>
    )
  if (outcome.state === 'refused') {
    const { item, problem, remedy } = outcome.fault
    return (
      <span className="worse">
        ◆ {item && `${item}: `}
        {problem}. {remedy}
      </span>
    )
  }
  return <span className="soft">{outcome.state === 'working' ? 'under way' : 'waiting'}</span>
}
