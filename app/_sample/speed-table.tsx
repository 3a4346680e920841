import type { ReactNode } from 'react'
import { runColour } from '../_charts/colour'
import { Card } from '../_ui/card'
import { formatBytes, formatMs, formatRatio } from '../_ui/format'
import { RunName } from '../_ui/run-mark'
import { TableScroll } from '../_ui/table-scroll'
import type { SampleNetwork } from '../_views/load-sample'
import { medianMs, type Trace, type Way, wayNames } from './trace'

/** A network, what it drew, and in which way; `obstacle`: why it was not run so. */
export type Measured = { way: Way; network: SampleNetwork; trace: Trace; obstacle?: string | null }

type SpeedTableProps = {
  /** Full precision first: the others are set against it. */
  rows: readonly Measured[]
  images: number
  engineThreads: number
  children?: ReactNode
}

/** What each way of running costs here: time per step, bytes fetched, memory. Bars of a column share one scale from 0. */
export function SpeedTable({ rows, images, engineThreads, children }: SpeedTableProps) {
  const figures = rows.map(({ trace }) => ({
    ms: medianMs(trace),
    fetched: trace.fetchedBytes,
    memory: trace.memoryBytes,
  }))
  const [full] = figures
  const largest = (of: keyof (typeof figures)[number]) =>
    Math.max(...figures.map((figure) => figure[of] ?? 0), 1e-9)
  const steps = Math.min(...rows.flatMap(({ trace, obstacle }) => (obstacle ? [] : [trace.steps.length])))
  const compared = rows.length > 1
  const each = images === 1 ? '1 image' : `${images} images`
  return (
    <Card
      title="Speed and size, measured in this browser"
      caption={`${compared ? 'Step by step in turns, each alone on one' : 'One'} WebAssembly thread${engineThreads > 1 ? ', the engine on several' : ''}; ${each} a step, median of ${steps} steps.`}
    >
      <TableScroll label="Speed and size of each way of running">
        <table className="plain speed-table">
          <thead>
            <tr>
              <th scope="col">way of running</th>
              <th scope="col">ms per step ↓</th>
              <th scope="col">weights downloaded ↓</th>
              <th scope="col">memory, peak ↓</th>
              {compared && (
                <>
                  <th scope="col" className="num">
                    speed ↑
                  </th>
                  <th scope="col" className="num">
                    smaller ↑
                  </th>
                  <th scope="col" className="num">
                    less memory ↑
                  </th>
                </>
              )}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ way, network, obstacle }, i) => {
              const { ms, fetched, memory } = figures[i]!
              const bar = { way, slot: network.run.slot }
              return (
                <tr key={way}>
                  <th scope="row">
                    <b>{wayTitle(way, network)}</b>
                    <span className="run-about">
                      <RunName slot={network.run.slot} name={network.run.name} />, {arithmetic[way]}
                      {way === 'engine' && engineThreads > 1 && `, ${engineThreads} threads`}
                    </span>
                  </th>
                  {obstacle ? (
                    <td colSpan={6} className="soft">
                      Not run: {obstacle}.
                    </td>
                  ) : (
                    <>
                      <td>
                        <Bar {...bar} share={(ms ?? 0) / largest('ms')} words={formatMs(ms)} />
                      </td>
                      <td>
                        <Bar
                          {...bar}
                          share={(fetched ?? 0) / largest('fetched')}
                          words={formatBytes(fetched)}
                        />
                        <span className="run-about">{fileWords(network, fetched)}</span>
                      </td>
                      <td>
                        <Bar {...bar} share={(memory ?? 0) / largest('memory')} words={formatBytes(memory)} />
                      </td>
                      {compared && (
                        <>
                          <Ratio full={full?.ms} own={ms} />
                          <Ratio full={full?.fetched} own={fetched} />
                          <Ratio full={full?.memory} own={memory} />
                        </>
                      )}
                    </>
                  )}
                </tr>
              )
            })}
          </tbody>
        </table>
      </TableScroll>
      {children}
      <p className="caption">
        Downloaded: bytes of the checkpoint that came, as it is stored (float16, latent weights), for the
        engine packed; programs (tfjs, the kernels) are not counted. Memory: the WebAssembly memory it runs
        in, at its largest; of tfjs since its worker started.
        {compared && ' Ratios are against full precision, above 1× is better.'} Tensors of tfjs before and
        after:{' '}
        {rows
          .flatMap(({ way, trace }) =>
            trace.tensorsAfter === null
              ? []
              : [`${trace.tensorsBefore} and ${trace.tensorsAfter} (${wayNames[way]})`],
          )
          .join(', ') || '–'}
        .
      </p>
    </Card>
  )
}

const arithmetic: Record<Way, string> = {
  full: 'float32, tfjs-wasm',
  simulated: 'quantized floats, tfjs-wasm',
  engine: 'packed engine, integer sums',
}

function wayTitle(way: Way, { run }: SampleNetwork): string {
  return { full: 'Full precision', simulated: `Simulated ${run.bits}`, engine: 'True one bit' }[way]
}

/** What the weights take in other forms; nothing where that is about what came. */
function fileWords(network: SampleNetwork, fetched: number | null): string {
  const { run, packedBytes, fullPrecisionBytes } = network
  if (fetched === null) return ''
  if (run.role === 'teacher')
    return fetched < 0.75 * fullPrecisionBytes ? `in float32 ${formatBytes(fullPrecisionBytes)}` : ''
  return fetched > 2 * packedBytes ? `packed ${formatBytes(packedBytes)}` : ''
}

/** How often `own` goes into the figure of full precision. */
function Ratio({ full, own }: { full: number | null | undefined; own: number | null }) {
  const ratio = full && own ? full / own : null
  return (
    <td className="num">
      {ratio !== null && ratio > 1.05 ? <b>{formatRatio(ratio)}</b> : formatRatio(ratio)}
    </td>
  )
}

type BarProps = { way: Way; slot: number | null; share: number; words: string }

function Bar({ way, slot, share, words }: BarProps) {
  return (
    <span className="speed-bar">
      <span
        style={{
          width: `max(2px, ${share} * var(--longest))`,
          background: runColour(slot),
          opacity: way === 'simulated' ? 0.45 : 1,
        }}
      />
      {words}
    </span>
  )
}
