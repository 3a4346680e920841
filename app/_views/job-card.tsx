import type { LayerLog, Picture, UploadStatus } from '../../lib/record/training-job'
import { HistogramInline } from '../_charts/histogram-inline'
import { Card } from '../_ui/card'
import { formatBytes, formatCount, formatFixed } from '../_ui/format'
import { LayerName } from '../_ui/layer-name'
import { TableScroll } from '../_ui/table-scroll'
import type { RunHead } from './load'
import type { TrainingJob } from './load-job'
import './job-card.css'

/** What the training job sent: files under way and refused, pictures, and its layers at the latest step. */
export function JobCard({ run, job }: { run: RunHead; job: TrainingJob }) {
  const { outcome, uploads, pictures, layers } = job
  return (
    <Card
      title="From the training job"
      caption={outcome === 'failed' ? 'It ended with a failure.' : undefined}
    >
      {uploads.length > 0 && (
        <ul className="job-uploads">
          {uploads.map((upload) => (
            <li key={upload.id}>
              Step {formatCount(upload.step)}, <code>{upload.fileName}</code>: {uploadWords(upload)}
            </li>
          ))}
        </ul>
      )}
      {pictures.total > 0 && (
        <>
          <div className="job-pictures">
            {pictures.latest.map((picture) => (
              <figure key={picture.id}>
                <img
                  src={`/api/v1/samples/${picture.id}`}
                  width={picture.width}
                  height={picture.height}
                  alt={`${picture.name} of ${run.name}, ${pictureWords(picture)}`}
                />
                <figcaption className="caption">{pictureWords(picture)}</figcaption>
              </figure>
            ))}
          </div>
          <p className="caption">
            {pictures.latest.length} of {formatCount(pictures.total)} pictures, the latest first.
          </p>
        </>
      )}
      {layers && <LayerTable run={run} layers={layers} />}
    </Card>
  )
}

/** "arriving, 12 of 143 MB", "refused: ...". */
function uploadWords({ state, offset, bytes, problem }: UploadStatus): string {
  if (state === 'receiving')
    return `arriving, ${formatBytes(offset)} of ${bytes === null ? 'it' : formatBytes(bytes)}`
  if (state === 'refused') return `refused. ${problem}`
  return state === 'queued' ? 'waits for its diagnosis' : 'is being diagnosed'
}

function pictureWords({ step, seed }: Picture): string {
  return `step ${formatCount(step)}${seed === null ? '' : `, seed ${seed}`}`
}

function LayerTable({ run, layers }: { run: RunHead; layers: NonNullable<TrainingJob['layers']> }) {
  const { step, logs, steps } = layers
  return (
    <details>
      <summary>
        {formatCount(logs.length)} {logs.length === 1 ? 'layer' : 'layers'} at step {formatCount(step)}, the
        last of {formatCount(steps)} {steps === 1 ? 'step' : 'steps'} it measured
      </summary>
      <TableScroll label="Layers as the training job measured them">
        <table className="plain">
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Says of itself</th>
              <th scope="col">Weights, ±2.6 std</th>
              <th scope="col" className="num">
                Mean
              </th>
              <th scope="col" className="num">
                Std
              </th>
              <th scope="col" className="num">
                Share of w ≥ 0
              </th>
              <th scope="col" className="num">
                Flips
              </th>
            </tr>
          </thead>
          <tbody>
            {logs.map((log) => (
              <LayerRow key={log.layer} log={log} slot={run.slot} />
            ))}
          </tbody>
        </table>
      </TableScroll>
    </details>
  )
}

function LayerRow({ log, slot }: { log: LayerLog; slot: number | null }) {
  const { layer, facts, values, histograms } = log
  const number = (name: string) => {
    const value = values[`weight.${name}`] ?? values[name]
    return value === undefined ? '–' : formatFixed(value, 3)
  }
  return (
    <tr>
      <th scope="row" className="mono">
        <LayerName id={layer} />
      </th>
      <td className="soft">
        {Object.entries(facts)
          .slice(0, 6)
          .map(([name, value]) => (name === 'class' ? value : `${name} ${value}`))
          .join(' · ')}
      </td>
      <td>
        {histograms.weight && (
          <HistogramInline
            histogram={histograms.weight}
            std={values['weight.std'] ?? values.std ?? 0}
            slot={slot}
          />
        )}
      </td>
      <td className="num">{number('mean')}</td>
      <td className="num">{number('std')}</td>
      <td className="num">{number('positive')}</td>
      <td className="num">{number('flips')}</td>
    </tr>
  )
}
