import dynamic from 'next/dynamic'
import Link from 'next/link'
import type { ReactNode } from 'react'
import type { ShareSubject } from '../../lib/record/shared-view'
import type { ShownCheckpoint } from '../../lib/store/shares'
import { ChartSubject } from '../_charts/chart-subject'
import { EarlyEvents } from './early-events'
import { shortLayerId } from './format'
import { InertLinks } from './inert-links'
import { JumpPalette } from './jump-palette'
import { KeyboardMap } from './keyboard-map'
import { LayerName } from './layer-name'
import { Logo } from './logo'
import { ShareButton } from './share-button'
import { ThemeSwitch } from './theme'
import { Tour, TourOffer } from './tour'

// Frozen views alone have these.
const FrozenFacts = dynamic(() => import('./frozen-facts').then((m) => m.FrozenFacts))
const SaveStill = dynamic(() => import('./save-still').then((m) => m.SaveStill))

export type Crumb = { label: string; href?: string; mono?: boolean }

export type PageShellProps = {
  /** The way here; the last one is this page. */
  crumbs: Crumb[]
  /** What the Share button freezes; absent in a view that is frozen already. */
  share?: ShareSubject
  /** The second bar: what the page shows at the moment (ContextBar). */
  context?: ReactNode
  frozen?: Frozen
  /** Whether a first visit is offered the tour; the runs it leads through must be there. */
  offersTour?: boolean
  /** Run and checkpoint its charts are of, for the names of their files. */
  subject?: string
  children: ReactNode
}

/** Set in a frozen view. */
export type Frozen = {
  /** When it was shared, ISO time, and how long ago that is in words. */
  createdAt: string
  age?: string
  /** Where the live view is; absent in an anonymous one. */
  live?: string
  anonymous?: boolean
  /** When the link ends, ISO time; null: never. */
  expiresAt?: string | null
  /** Which files it shows. */
  checkpoints?: ShownCheckpoint[]
}

/** Pages one can go to from anywhere; a page below one of them has its crumb first. */
const pages = [
  { label: 'Runs', href: '/' },
  { label: 'Results', href: '/results' },
  { label: 'Learn', href: '/learn' },
]

/** Top bar, context bar, content, footer: the frame of every page. */
export function PageShell(props: PageShellProps) {
  const { crumbs, share, context, frozen, offersTour = false, subject = '', children } = props
  // The first crumb is marked among the pages.
  const trail = pages.some(({ label }) => label === crumbs[0]?.label) ? crumbs.slice(1) : crumbs
  return (
    <>
      <a href="#content" className="skip-link unseen">
        Skip to content
      </a>
      <header className="topbar">
        <div>
          <Link href="/" className="brand">
            <Logo /> Signscope
          </Link>
          <div className="way">
            <nav aria-label="Pages" className="pages-nav">
              {pages.map(({ label, href }) => (
                <Link key={href} href={href} aria-current={crumbs[0]?.label === label ? 'true' : undefined}>
                  {label}
                </Link>
              ))}
            </nav>
            <nav aria-label="Breadcrumbs" className="crumbs-nav">
              <ol className="crumbs">
                {trail.map((crumb, i) => (
                  <li key={crumb.label} className={crumb.mono ? 'mono' : undefined}>
                    {crumb.href && i < trail.length - 1 ? (
                      <Link href={crumb.href}>{crumb.label}</Link>
                    ) : (
                      <span aria-current={i === trail.length - 1 ? 'page' : undefined}>
                        {crumb.mono ? (
                          <LayerName id={crumb.label} narrow={shortLayerId(crumb.label, 22)} />
                        ) : (
                          crumb.label
                        )}
                      </span>
                    )}
                  </li>
                ))}
              </ol>
            </nav>
            {offersTour && <TourOffer />}
          </div>
          {frozen && (
            <span className="chip" title={frozen.createdAt}>
              {frozen.anonymous ? 'anonymous' : 'frozen'} view, shared{' '}
              {frozen.age ?? frozen.createdAt.slice(0, 10)}
            </span>
          )}
          {frozen && <SaveStill subject={subject} createdAt={frozen.createdAt} />}
          {frozen?.live && (
            <Link className="button" href={frozen.live}>
              Open live view
            </Link>
          )}
          {!frozen && <JumpPalette />}
          <ThemeSwitch />
          {share && <ShareButton subject={share} />}
        </div>
      </header>
      {!frozen && <Tour />}
      {context}
      <main id="content" className="content">
        <ChartSubject name={subject}>{children}</ChartSubject>
        {frozen?.checkpoints && (
          <FrozenFacts
            createdAt={frozen.createdAt}
            expiresAt={frozen.expiresAt ?? null}
            checkpoints={frozen.checkpoints}
          />
        )}
        {frozen?.anonymous && <InertLinks />}
      </main>
      <footer className="footer">
        <span className="grow">Signscope: what one bit did to a diffusion model</span>
        <KeyboardMap />
      </footer>
      <EarlyEvents />
    </>
  )
}

/** The second bar: student, against, step, t, seed, colour. */
export function ContextBar({ children }: { children: ReactNode }) {
  return (
    <section className="contextbar" aria-label="Shown here">
      <div>{children}</div>
    </section>
  )
}

/** One entry of the context bar: a faint name, then the value or control. */
export function ContextItem({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="context-item">
      <span className="name">{name}</span>
      {children}
    </div>
  )
}
