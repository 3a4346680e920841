import { publishedDataSet, publishedRows } from '../../lib/record/published'
import { CheckpointBadge } from '../_charts/checkpoint-mark'
import { isExact, isMeasured } from '../_charts/series'
import type { TermId } from '../_learn/glossary'
import { Card } from '../_ui/card'
import { formatBytes, formatCosine, formatCount, formatDelta, formatRatio, formatSqnr } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'
import { shortName } from './compare-names'
import type { ComparedCheckpoint } from './load-compare'
import { PublishedTable } from './paper-rows'
import { type SettingRow, settingRows } from './settings-diff'

type Figure = {
  name: string
  term: TermId
  better: '↑' | '↓'
  value: (c: ComparedCheckpoint) => number | null
  format: (v: number | null) => string
  delta: (v: number) => string
}

export const figures: Figure[] = [
  {
    name: 'output SQNR, dB',
    term: 'outputSqnr',
    better: '↑',
    value: (c) => c.outputSqnr,
    format: formatSqnr,
    delta: (v) => formatDelta(v, 1),
  },
  {
    name: 'sample cosine',
    term: 'sampleCosine',
    better: '↑',
    value: (c) => c.sampleCosine,
    format: formatCosine,
    delta: (v) => formatDelta(v, 3),
  },
  {
    name: 'packed size',
    term: 'packedSize',
    better: '↓',
    value: (c) => c.packedBytes,
    format: formatBytes,
    delta: (v) => `${formatDelta(v / 1024, 1)}\u00a0KiB`,
  },
  {
    name: 'smaller by',
    term: 'smaller',
    better: '↑',
    value: (c) => c.ratio,
    format: formatRatio,
    delta: (v) => `${formatDelta(v, 1)}×`,
  },
]

/** Key figures of every checkpoint, those that any of them has; the deltas are against the baseline, which is named. */
export function CompareFigures({ checkpoints }: { checkpoints: ComparedCheckpoint[] }) {
  const baseline = checkpoints[0]
  if (!baseline) return null
  const shown = figures.filter(({ value }) => checkpoints.some((c) => value(c) !== null))
  return (
    <TableScroll label="Key figures">
      <table className="plain compare-figures">
        <thead>
          <tr>
            <th scope="col">delta against {shortName(baseline, checkpoints)}</th>
            {shown.map((f) => (
              <th key={f.name} scope="col" className="num">
                <Term id={f.term}>{f.name}</Term> {f.better}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {checkpoints.map((c, i) => (
            <tr key={c.id}>
              <th scope="row">
                <span className="run-name">
                  <CheckpointBadge look={{ slot: c.run.slot, age: c.age }} />
                  {c.run.name} <span className="faint">{formatCount(c.step)}</span>
                  {i === 0 && <span className="chip">baseline</span>}
                </span>
              </th>
              {shown.map((f) => (
                <FigureCell
                  key={f.name}
                  figure={f}
                  own={f.value(c)}
                  from={i === 0 ? null : f.value(baseline)}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

function FigureCell({ figure, own, from }: { figure: Figure; own: number | null; from: number | null }) {
  const differs = figure.format !== formatSqnr || !(isExact(own) || isExact(from))
  const delta = isMeasured(own) && isMeasured(from) && differs ? own - from : null
  const worse = delta !== null && (figure.better === '↑' ? delta < 0 : delta > 0)
  return (
    <td className="num">
      {delta !== null && (
        <span className={worse ? 'delta small worse' : 'delta small soft'}>{figure.delta(delta)}</span>
      )}{' '}
      <b>{figure.format(own)}</b>
    </td>
  )
}

/** The papers' rows on the data set and bits of what is compared; nothing where the papers have none. */
export function PublishedReferences({ checkpoints }: { checkpoints: ComparedCheckpoint[] }) {
  const sets = new Set(checkpoints.map((c) => publishedDataSet(c.settings)))
  const bits = checkpoints.map((c) => c.settings.bits ?? '')
  const rows = [...sets].flatMap((set) => (set ? publishedRows(set, bits) : []))
  if (rows.length === 0) return null
  return (
    <Card
      title="The papers’ rows, for orientation"
      caption="BinaryDM, arXiv 2404.05662, on this data set as published: other networks, and scores on Inception features, so no value can be set beside those above. v5 reports a stronger baseline than v1."
    >
      <PublishedTable rows={rows} label="The papers’ rows on this data set" />
    </Card>
  )
}

/** Settings that differ, or all of them. */
export function CompareSettings({
  checkpoints,
  all,
  onAll,
}: {
  checkpoints: ComparedCheckpoint[]
  all: boolean
  onAll: (all: boolean) => void
}) {
  // Two checkpoints of one run share their settings: one column.
  const runs = checkpoints.filter((c, i) => checkpoints.findIndex((o) => o.run.id === c.run.id) === i)
  const rows = settingRows(runs.map((c) => c.settings))
  const differing = rows.filter((row) => row.differs)
  const shown: SettingRow[] = all ? rows : differing
  return (
    <>
      <p className="caption">
        {runs.length === 1
          ? `All are checkpoints of ${runs[0]!.run.name}, trained with the same ${rows.length} settings`
          : `${differing.length} of ${rows.length} settings differ`}
        {rows.length > differing.length && (
          <>
            {' · '}
            <button type="button" className="text-button" aria-pressed={all} onClick={() => onAll(!all)}>
              {all ? 'only what differs' : 'show all'}
            </button>
          </>
        )}
      </p>
      {shown.length > 0 && (
        <TableScroll label="Settings">
          <table className="plain">
            <thead>
              <tr>
                <th scope="col">setting</th>
                {runs.map((c) => (
                  <th key={c.id} scope="col">
                    <span className="run-name">
                      <CheckpointBadge look={{ slot: c.run.slot, age: 0 }} size={9} />
                      {c.run.name}
                    </span>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((row) => (
                <tr key={row.key}>
                  <th scope="row">{row.key}</th>
                  {row.values.map((value, i) => (
                    <td key={runs[i]!.id} className={row.differs ? undefined : 'faint'}>
                      {value ?? '–'}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableScroll>
      )}
    </>
  )
}
