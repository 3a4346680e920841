'use client'

import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useTransition } from 'react'
import { keptParams, pageUrl, type ViewParams } from '../../lib/record/view'
import { checkpointSubject } from '../_charts/chart-subject'
import { isExact, nearestIndex } from '../_charts/series'
import { Card } from '../_ui/card'
import { formatCount, shortLayerId } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { ContextBar, ContextItem, PageShell } from '../_ui/page-shell'
import { RunName } from '../_ui/run-mark'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import { LayerAudit } from './audit-card'
import { BasisCards } from './basis-cards'
import { DynamicsCards } from './dynamics-cards'
import './layer.css'
import { AlignmentCards } from './layer-alignment'
import { type LayerFinding, layerFinding, worstLayers } from './layer-finding'
import { LayerHead } from './layer-head'
import { WeightNumbers } from './layer-numbers'
import { ScalesCard, WeightsCard } from './layer-weights'
import type { LayerViewData } from './load-layer'
import type { Packed } from './packed'
import { usePacked } from './use-packed'

export type LayerViewProps = {
  data: Packed<Omit<LayerViewData, 'training'>>
  training: LayerViewData['training']
  /** View state of a frozen view; what the URL says goes first. */
  initial?: Partial<ViewParams>
  frozen?: { createdAt: string }
}

/** One layer of one checkpoint: its weights and levels, its scales, its output against the teacher's over t. */
export function LayerView({ data: text, training, initial, frozen }: LayerViewProps) {
  const data = { ...usePacked(text), training }
  const { run, record, layers } = data
  const { timesteps, step } = data.checkpoint
  const { id } = record.layer
  const router = useRouter()
  const [view, setView] = useView(initial)
  const [loading, startTransition] = useTransition()
  const finding = layerFinding(id, timesteps, record.alignment?.sqnr ?? null, layers)
  const at = nearestIndex(timesteps, view.t ?? startingTimestep(finding))
  const t = timesteps[at] ?? null
  const channels = record.weights.sigma1?.length ?? 0
  const channel = Math.min(Math.max(0, view.ch), Math.max(0, channels - 1))
  const steps = data.history.map((moment) => moment.step)

  // A frozen view leads to what there is of the very checkpoint it shows.
  const c = frozen ? step : view.c
  const href = (layer: string) => pageUrl('layer', run.name, layer, { ...keptParams(view, 'layer'), c })
  const place = layers.findIndex((other) => other.layer.id === id)
  const before = layers[place - 1]?.layer.id
  const after = layers[place + 1]?.layer.id
  const go = (layer: string | undefined) => layer && !frozen && router.push(href(layer))
  const moveTo = (next: number | undefined) => {
    if (next === undefined || frozen) return
    setView({ c: next === steps.at(-1) ? null : next }, { shallow: false, startTransition })
  }
  const selectTime = (next: number) => setView({ t: next })
  const worst = worstLayers(layers)
  useKeys({
    ...(steps.length > 1 &&
      !frozen && {
        '[': () => moveTo(steps[steps.indexOf(step) - 1]),
        ']': () => moveTo(steps[steps.indexOf(step) + 1]),
      }),
    ...(worst.length > 0 && !frozen && { n: () => go(worst[(worst.indexOf(id) + 1) % worst.length]) }),
  })

  return (
    <PageShell
      crumbs={[
        { label: 'Runs', href: '/' },
        { label: run.name, href: pageUrl('run', run.name, null, { ...keptParams(view, 'run'), c, l: id }) },
        { label: id, mono: true },
      ]}
      frozen={frozen}
      subject={checkpointSubject(run.name, step)}
      share={
        frozen ? undefined : { page: 'layer', run: run.name, layer: id, checkpoints: [data.checkpoint.id] }
      }
      context={
        <ContextBar>
          <ContextItem name={run.role}>
            <RunName slot={run.slot} name={run.name} />
          </ContextItem>
          {data.teacher && (
            <ContextItem name="against">
              <RunName slot={null} name={`${data.teacher}, FP32`} />
            </ContextItem>
          )}
          <ContextItem name="step">
            <b>{formatCount(step)}</b> {steps.indexOf(step) + 1} of {steps.length}
          </ContextItem>
          {t !== null && (
            <ContextItem name="t">
              <b>{t}</b>
            </ContextItem>
          )}
          {channels > 0 && (
            <ContextItem name="channel">
              <b>{channel}</b> 0–{channels - 1}
            </ContextItem>
          )}
          {!frozen && (
            <ContextItem name="layer">
              {before && (
                <Link href={href(before)} className="mono layer-step">
                  <span aria-hidden>‹ </span>
                  <span className="unseen">Layer before: </span>
                  <LayerName id={before} wide={shortLayerId(before)} narrow={shortLayerId(before, 15)} />
                </Link>
              )}
              <b>
                {place + 1} of {layers.length}
              </b>
              {after && (
                <Link href={href(after)} className="mono layer-step">
                  <span className="unseen">Layer after: </span>
                  <LayerName id={after} wide={shortLayerId(after)} narrow={shortLayerId(after, 15)} />
                  <span aria-hidden> ›</span>
                </Link>
              )}
            </ContextItem>
          )}
        </ContextBar>
      }
    >
      <LayerHead
        data={data}
        finding={finding}
        at={at}
        t={t}
        loading={loading}
        hrefOf={frozen ? undefined : href}
      />
      <div className="columns wide-left">
        <WeightsCard
          data={data}
          channel={channel}
          onChannel={(ch) => setView({ ch })}
          onStep={frozen ? undefined : moveTo}
        />
        {channels > 0 ? (
          <ScalesCard data={data} channel={channel} onChannel={(ch) => setView({ ch })} />
        ) : (
          <Card title="Numbers of the weights">
            <WeightNumbers record={record} teacherRun={run.role === 'teacher'} />
          </Card>
        )}
      </div>
      <LayerAudit findings={data.findings} />
      <BasisCards data={data} channel={channel} onChannel={(ch) => setView({ ch })} />
      {run.role === 'student' && <DynamicsCards data={data} onStep={frozen ? undefined : moveTo} />}
      <AlignmentCards data={data} t={t} at={at} onTime={selectTime} />
    </PageShell>
  )
}

/** Where the crosshair stands before the reader chose: where the layer parts, else where it is worst. */
function startingTimestep(finding: LayerFinding | null): number {
  if (!finding || isExact(finding.worst.value)) return 100
  const { parting } = finding
  return parting.kind === 'from' || parting.kind === 'between' ? parting.t : finding.worst.t
}
