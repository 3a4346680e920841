'use client'

import Link from 'next/link'
import { type ReactNode, useTransition } from 'react'
import { keptParams, pageUrl } from '../../lib/record/view'
import { checkpointSubject } from '../_charts/chart-subject'
import { CheckpointSlider } from '../_charts/checkpoint-slider'
import { isMeasured } from '../_charts/series'
import { formatCount } from '../_ui/format'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import type { RunFinding } from './run-finding'
import { RunHead } from './run-head'
import type { RunProps } from './run-props'

export const crumbsOf = (name: string) => [{ label: 'Runs', href: '/' }, { label: name }]

/** Where the layers of a run's page are; a frozen view leads to those of the very checkpoint it shows. */
export function useLayerHref({ data, checkpoint, initial, frozen }: RunProps): (id: string) => string {
  const [view] = useView(initial)
  const c = frozen ? checkpoint.step : view.c
  return (id) => pageUrl('layer', data.run.name, id, { ...keptParams(view, 'layer'), c })
}

type RunFrameProps = RunProps & {
  /** What its outputs say of it; null if they were not measured. */
  finding: RunFinding | null
  /** What the context bar shows beside run, teacher and step. */
  context?: ReactNode
  children: ReactNode
}

/** What every run has: the bars, its head, and the slider with its keys that moves through its checkpoints. */
export function RunFrame({
  data,
  checkpoint,
  initial,
  pulse,
  frozen,
  finding,
  context,
  children,
}: RunFrameProps) {
  const { run, teacher, checkpoints } = data
  const [view, setView] = useView(initial)
  const [loading, startTransition] = useTransition()
  const steps = checkpoints.map((c) => c.step)
  const index = steps.indexOf(checkpoint.step)
  const measured = checkpoints.some(({ value }) => isMeasured(value))
  const moveTo = (index: number) => {
    const step = steps[index]
    if (step === undefined) return
    setView({ c: index === steps.length - 1 ? null : step }, { shallow: false, startTransition })
  }
  useKeys(frozen || steps.length < 2 ? {} : { '[': () => moveTo(index - 1), ']': () => moveTo(index + 1) })

  return (
    <PageShell
      crumbs={crumbsOf(run.name)}
      frozen={frozen}
      subject={checkpointSubject(run.name, checkpoint.step)}
      share={frozen ? undefined : { page: 'run', run: run.name, layer: null, checkpoints: [checkpoint.id] }}
      context={
        <ContextBar>
          <ContextItem name={run.role}>
            <RunName slot={run.slot} name={run.name} />
          </ContextItem>
          {teacher && (
            <ContextItem name="against">
              <Link href={pageUrl('run', teacher.name, null, keptParams(view, 'run', { sameRun: false }))}>
                <RunName slot={null} name={`${teacher.name}, FP32`} />
              </Link>
            </ContextItem>
          )}
          <ContextItem name="step">
            <b>{formatCount(checkpoint.step)}</b> {index + 1} of {steps.length}
          </ContextItem>
          {context}
        </ContextBar>
      }
    >
      <RunHead
        data={data}
        checkpoint={checkpoint}
        finding={finding}
        view={view}
        pulse={pulse}
        frozen={frozen}
        loading={loading}
      >
        {(steps.length > 1 || measured) && (
          <CheckpointSlider
            checkpoints={checkpoints}
            selected={checkpoint.step}
            onSelect={frozen ? undefined : (step) => moveTo(steps.indexOf(step))}
            slot={run.slot}
            label={measured ? 'output SQNR by step, dB, higher is better ↑' : 'checkpoints by step'}
          />
        )}
      </RunHead>
      {children}
    </PageShell>
  )
}
