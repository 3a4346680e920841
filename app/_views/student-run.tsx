'use client'

import dynamic from 'next/dynamic'
import { useRouter } from 'next/navigation'
import { useMemo } from 'react'
import { errorKinds, metrics } from '../../lib/record/view'
import type { Metric } from '../_charts/colour'
import { nearestIndex } from '../_charts/series'
import { Card } from '../_ui/card'
import { metricNames } from '../_ui/format'
import { ContextItem } from '../_ui/page-shell'
import { Segmented } from '../_ui/segmented'
import { Empty } from '../_ui/states'
import { Term } from '../_ui/term'
import { useKeys } from '../_ui/use-keys'
import { useView } from '../_ui/use-view'
import { AuditCard } from './audit-card'
import { CheckpointFacts } from './checkpoint-facts'
import { LayerSheet } from './layer-sheet'
import { LedgerCard } from './ledger-card'
import { ModuleSubspacesCard } from './module-subspaces-card'
import { NetworkChart } from './network-chart'
import { RunEvidence } from './run-evidence'
import { type Parting, partingDb, runFinding } from './run-finding'
import { RunFrame, useLayerHref } from './run-frame'
import type { RunProps } from './run-props'
import { type LayerRow, rowMean, rowsOf, worstFirst } from './run-rows'
import { StandoutsCard } from './standouts-card'

// Few runs have these.
const JobCard = dynamic(() => import('./job-card').then((m) => m.JobCard))
const StagesCard = dynamic(() => import('./stages-card').then((m) => m.StagesCard))

/** A student: where it loses its teacher, by layer and timestep, and what its file costs. */
export function StudentRun(props: RunProps) {
  const { data, checkpoint, initial } = props
  const { run } = data
  const { timesteps, output } = checkpoint
  const router = useRouter()
  const [view, setView] = useView(initial)
  const finding = runFinding(timesteps, output?.sqnr ?? null, data.rows)
  const hasLocal = data.rows.some((row) => row.local)
  // low-rank alignment, and what was measured before there were local errors, is of the accumulated one alone
  const error = hasLocal && view.m !== 'lowrank' ? view.e : 'accumulated'
  const rows = useMemo(() => rowsOf(data.rows, error), [data.rows, error])
  const worst = worstFirst(rows, view.m)
  const layer = rows.find((row) => row.layer.id === view.l) ?? worst[0] ?? null
  const at = nearestIndex(timesteps, view.t ?? startingTimestep(finding?.parting))
  const t = timesteps[at] ?? null

  const layerHref = useLayerHref(props)
  const select = (id: string, time: number | null) => setView(time === null ? { l: id } : { l: id, t: time })
  const open = (id: string) => router.push(layerHref(id))
  const moveTime = (by: number) => {
    const next = timesteps[Math.min(timesteps.length - 1, Math.max(0, at + by))]
    if (next !== undefined) setView({ t: next })
  }
  const nextWorst = () => {
    const next = worst[(worst.findIndex((row) => row.layer.id === layer?.layer.id) + 1) % worst.length]
    if (next) setView({ l: next.layer.id })
  }
  useKeys({
    n: nextWorst,
    e: () => setView({ e: errorKinds[(errorKinds.indexOf(error) + 1) % errorKinds.length] }),
    m: () => setView({ m: metrics[(metrics.indexOf(view.m) + 1) % metrics.length] }),
  })

  return (
    <RunFrame
      {...props}
      finding={finding}
      context={
        <>
          {t !== null && (
            <ContextItem
              name={
                <Term id="timestep" label="t: what is a timestep?">
                  t
                </Term>
              }
            >
              <button
                type="button"
                className="text-button"
                aria-label="Timestep before"
                onClick={() => moveTime(-1)}
              >
                ‹
              </button>
              <b>{t}</b>
              <button
                type="button"
                className="text-button"
                aria-label="Timestep after"
                onClick={() => moveTime(1)}
              >
                ›
              </button>
            </ContextItem>
          )}
          {checkpoint.protocol && <ContextItem name="seed">{checkpoint.protocol.seed}</ContextItem>}
          <ContextItem
            name={
              <Term id={view.m} label={`colour: what is ${metricNames[view.m].name}?`}>
                colour
              </Term>
            }
          >
            <Segmented
              label="Metric of the map and the U-Net"
              value={view.m}
              onChange={(m) => setView({ m })}
              options={metrics.map((m) => ({ value: m, label: `${metricNames[m].name} ↑` }))}
            />
          </ContextItem>
          {hasLocal && view.m !== 'lowrank' && (
            <ContextItem
              name={
                <Term id={error} label={`error: what is ${error}?`}>
                  error
                </Term>
              }
            >
              <Segmented
                label="Error of the map and the U-Net"
                value={error}
                onChange={(e) => setView({ e })}
                options={errorKinds.map((e) => ({ value: e, label: e }))}
              />
            </ContextItem>
          )}
        </>
      }
    >
      <div className="columns wide-left">
        <Card>
          <NetworkChart
            rows={rows}
            metric={view.m}
            error={error}
            colour={view.u}
            onColour={(u) => setView({ u })}
            t={t}
            at={at}
            selected={layer}
            onSelect={(id) => select(id, null)}
            onOpen={open}
            layerHref={layerHref}
          />
        </Card>
        <LedgerCard ledger={checkpoint.ledger} rows={rows} slot={run.slot}>
          <CheckpointFacts checkpoint={checkpoint} />
        </LedgerCard>
      </div>
      <Card>
        {timesteps.length === 0 ? (
          <Empty title="No activations yet">
            <p>
              Only weights were imported. Diagnose the checkpoint against its teacher to see where they part.
            </p>
            {checkpoint.assumptions.length > 0 && (
              <p className="caption">Notes: {checkpoint.assumptions.join('; ')}.</p>
            )}
          </Empty>
        ) : (
          <LayerSheet
            rows={rows}
            timesteps={timesteps}
            output={view.m === 'lowrank' ? null : (output?.[view.m] ?? null)}
            parting={partingNote(finding?.parting)}
            metric={view.m}
            error={error}
            sort={view.sort}
            onSort={(sort) => setView({ sort })}
            slot={run.slot}
            selected={{ layer: layer?.layer.id ?? null, t }}
            onSelect={select}
            onOpen={open}
            layerHref={layerHref}
            assumptions={checkpoint.assumptions}
            message={sheetMessage(rows, timesteps, worst[0], view.m)}
            note={`${rows.length} of ${rows.length} layers · ${timesteps.length} timesteps · seed ${checkpoint.protocol?.seed ?? '–'}`}
          />
        )}
      </Card>
      {checkpoint.findings && <AuditCard findings={checkpoint.findings} layerHref={layerHref} />}
      {checkpoint.modules && checkpoint.modules.length > 0 && (
        <ModuleSubspacesCard
          modules={checkpoint.modules}
          timesteps={timesteps}
          t={t}
          slot={run.slot}
          share={Math.min(100, Math.max(1, view.k))}
          onShare={(k) => setView({ k })}
        />
      )}
      {data.standouts.length > 0 && <StandoutsCard standouts={data.standouts} layerHref={layerHref} />}
      {data.stages.length > 0 && <StagesCard data={data} />}
      <RunEvidence data={data} checkpoint={checkpoint} initial={initial} />
      {data.job && <JobCard run={run} job={data.job} />}
    </RunFrame>
  )
}

/** Where the crosshair stands before the reader chose: where the student parts, else late in sampling. */
function startingTimestep(parting: Parting | undefined): number {
  return parting?.kind === 'from' || parting?.kind === 'between' ? parting.t : 100
}

function partingNote(parting: Parting | undefined): { t: number; label: string } | null {
  if (parting?.kind !== 'from') return null
  return { t: parting.t, label: `parts: below ${partingDb} dB from t ${parting.t}` }
}

function sheetMessage(
  rows: readonly LayerRow[],
  timesteps: readonly number[],
  worst: LayerRow | undefined,
  metric: Metric,
): string {
  const { name, written } = metricNames[metric]
  const ending = worst
    ? `; ${worst.layer.id} is worst with ${written(rowMean(worst, metric))} on average`
    : ''
  return `${name} of ${rows.length} layers at ${timesteps.length} timesteps${ending}. Arrow keys move, Enter opens the layer, T shows the table`
}
