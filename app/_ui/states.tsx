import type { ReactNode } from 'react'

/** What is missing, and the button or line that gets it. */
export function Empty({
  title,
  children,
  action,
  level = 3,
}: {
  title: string
  children?: ReactNode
  action?: ReactNode
  /** 1 where it is all a page has, 2 in a card without a title of its own. */
  level?: 1 | 2 | 3
}) {
  const Heading = `h${level}` as const
  return (
    <div className="state">
      <Heading>{title}</Heading>
      {children && <div>{children}</div>}
      {action}
    </div>
  )
}

export type Fault = { file: string; item: string; problem: string; remedy: string }

/** A fault with its file, item and remedy, as InputError carries them. */
export function ErrorState({ fault, action }: { fault: Fault; action?: ReactNode }) {
  return (
    <div className="state fault" role="alert">
      <h3>◆ {fault.problem}</h3>
      <p>
        <code>{fault.file}</code>
        {fault.item && (
          <>
            {' '}
            · <code>{fault.item}</code>
          </>
        )}
      </p>
      <p>{fault.remedy}</p>
      {action}
    </div>
  )
}

/** Grey shapes in the place of data that is on its way, with how far it is. No spinner, no jump. */
export function Loading({
  height,
  done,
  total,
  what = 'timesteps',
}: {
  height: number
  done?: number
  total?: number
  what?: string
}) {
  return (
    <div>
      <div className="skeleton" style={{ height }} />
      {total ? (
        <div role="status">
          <div className="progress">
            <div style={{ width: `${(100 * (done ?? 0)) / total}%` }} />
          </div>
          <span className="small soft">
            {done ?? 0} of {total} {what}
          </span>
        </div>
      ) : null}
    </div>
  )
}

/** What it would need, and what is shown instead. */
export function TooLarge({ title, needs, action }: { title: string; needs: string; action?: ReactNode }) {
  return (
    <div className="state">
      <h3>{title}</h3>
      <p>{needs}</p>
      {action}
    </div>
  )
}
