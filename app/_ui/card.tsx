import { type ReactNode, useId } from 'react'

/** A surface for one chart or table. Charts bring their own heading; others give a title. */
export function Card({
  title,
  caption,
  children,
  className = '',
}: {
  title?: ReactNode
  caption?: ReactNode
  children: ReactNode
  className?: string
}) {
  const heading = useId()
  return (
    <section className={`card ${className}`} aria-labelledby={title ? heading : undefined}>
      {title && (
        <header style={{ marginBottom: 8 }}>
          <h2 id={heading}>{title}</h2>
          {caption && <p className="caption">{caption}</p>}
        </header>
      )}
      {children}
    </section>
  )
}

/** One number that opens a page, with what it is and which direction is better. */
export function KeyFigure({ name, value, unit }: { name: ReactNode; value: string; unit?: string }) {
  return (
    <div className="key-figure">
      <dt>{name}</dt>
      <dd>
        {value} {unit && <small>{unit}</small>}
      </dd>
    </div>
  )
}

/** The one plain sentence a page opens with. */
export function Sentence({ children }: { children: ReactNode }) {
  return <p className="opening">{children}</p>
}
