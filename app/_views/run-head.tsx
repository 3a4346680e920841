'use client'

import Link from 'next/link'
import type { ReactNode } from 'react'
import { keptParams, pageUrl, type ViewParams } from '../../lib/record/view'
import { isExact } from '../_charts/series'
import { Sentence } from '../_ui/card'
import { formatDb, formatLarge } from '../_ui/format'
import { Term } from '../_ui/term'
import { AuditChip } from './audit-card'
import type { RunViewData } from './load'
import type { ReadAs } from './read-as'
import { partingDb, type RunFinding } from './run-finding'
import type { RunProps } from './run-props'
import { TrainingNow } from './training-now'

type RunHeadProps = Omit<RunProps, 'initial'> & {
  finding: RunFinding | null
  view: ViewParams
  loading: boolean
  children?: ReactNode
}

/** Methods that have a term of their own. */
const isBinarizer = (method: string): method is 'sign' | 'lmb' | 'ebb' => /^(sign|lmb|ebb)$/.test(method)

/** What the checkpoint is, in a sentence and in its facts; beside it what moves through the others. */
export function RunHead({ data, checkpoint, finding, view, pulse, frozen, loading, children }: RunHeadProps) {
  const { run, rows } = data
  const binarized = rows.filter((row) => row.bases > 0).length
  const [training] = pulse?.trainings ?? []
  return (
    <div className="run-head" aria-busy={loading}>
      <div>
        <h1>{run.name}</h1>
        <Sentence>
          {finding ? (
            <FindingSentence finding={finding} />
          ) : checkpoint.unrun ? (
            <>Weights only: there is no forward pass for this network, because {checkpoint.unrun}.</>
          ) : run.role === 'teacher' ? (
            <>The full-precision reference: {formatLarge(checkpoint.ledger.parameters)} parameters.</>
          ) : (
            <>Only the weights of this checkpoint were imported; its outputs were not measured.</>
          )}
        </Sentence>
        {training && <TrainingNow training={training} />}
        <div className="chips">
          <span className="chip">
            {run.role === 'student' ? <Term id="w1a4">{run.bits}</Term> : run.bits}
          </span>
          <span className="chip">
            {isBinarizer(run.method) ? <Term id={run.method}>{run.method}</Term> : run.method}
          </span>
          <span className="chip">
            {checkpoint.family} family, {formatLarge(checkpoint.ledger.parameters)} parameters
          </span>
          {run.role === 'student' && (
            <span className="chip">
              {binarized} of {rows.length} layers binarized
            </span>
          )}
          {checkpoint.findings && <AuditChip findings={checkpoint.findings} />}
        </div>
        <ReadAsLine readAs={checkpoint.readAs} />
        {!frozen && run.role === 'student' && (
          <div className="chips" style={{ marginTop: 10 }}>
            {!checkpoint.unrun && (
              <Link className="button" href={pageUrl('sample', run.name, null, keptParams(view, 'sample'))}>
                Sample side by side
              </Link>
            )}
            <Link
              className="button"
              href={pageUrl('compare', null, null, {
                ...keptParams(view, 'compare'),
                r: compareWith(data, checkpoint.step),
              })}
            >
              Compare
            </Link>
          </div>
        )}
      </div>
      <div>
        {children}
        {loading && (
          <p className="small soft" role="status">
            Loading the checkpoint …
          </p>
        )}
      </div>
    </div>
  )
}

/** "network EMA (4/) · reading stored · sampler of ermongroup/ddim", as far as it is known. */
function ReadAsLine({ readAs: { network, reading, sampler } }: { readAs: ReadAs }) {
  if (!network && !reading && !sampler) return null
  return (
    <dl className="read-as-line small">
      {network && (
        <div>
          <dt>network</dt>
          <dd>
            {network.role}
            {network.prefix && (
              <>
                {' '}
                (<code>{network.prefix}</code>)
              </>
            )}
          </dd>
        </div>
      )}
      {reading && (
        <div>
          <dt>reading</dt>
          <dd>{reading}</dd>
        </div>
      )}
      {sampler && (
        <div>
          <dt>sampler of</dt>
          <dd>{sampler}</dd>
        </div>
      )}
    </dl>
  )
}

/** What a comparison starts with: the other students of this teacher, else this run's own first checkpoint. */
function compareWith({ run, siblings, checkpoints }: RunViewData, step: number): string[] {
  const shown = `${run.name}@${step}`
  const others = siblings.slice(0, 2).map((sibling) => `${sibling.name}@${sibling.step}`)
  const first = checkpoints[0]?.step
  if (others.length > 0) return [...others, shown]
  return first === undefined || first === step ? [shown] : [`${run.name}@${first}`, shown]
}

/** "At 12.6 dB mean output SQNR the student follows its teacher until t ≈ 280, then parts. X loses most." */
function FindingSentence({ finding }: { finding: RunFinding }) {
  const { mean, parting, worst } = finding
  if (isExact(mean)) return <>The student’s output equals its teacher’s at every timestep, within float32.</>
  return (
    <>
      At <b>{formatDb(mean)}</b> mean output SQNR the student{' '}
      {parting.kind === 'never' && <>follows its teacher at every timestep (never below {partingDb} dB). </>}
      {parting.kind === 'always' && <>is below {partingDb} dB from the first timestep to the last. </>}
      {parting.kind === 'from' && parting.t > 0 && (
        <>follows its teacher until t ≈ {parting.t}, then parts. </>
      )}
      {parting.kind === 'from' && parting.t === 0 && (
        <>follows its teacher to the last step and parts only there, at t = 0. </>
      )}
      {parting.kind === 'between' && (
        <>
          drops below {partingDb} dB between t ≈ {parting.t} and {parting.until}, then finds back.{' '}
        </>
      )}
      {worst && (
        <>
          <b className="mono">{worst.id}</b> loses most ({formatDb(worst.mean)} on average).
        </>
      )}
    </>
  )
}
