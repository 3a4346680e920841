import { runColour } from '../_charts/colour'
import { Card } from '../_ui/card'
import { formatBytes, formatMs, formatRatio } from '../_ui/format'
import { RunName } from '../_ui/run-mark'
import { TableScroll } from '../_ui/table-scroll'
import type { SampleNetwork } from '../_views/load-sample'
import { medianMs, type Trace } from './trace'

export type Measured = { network: SampleNetwork; trace: Trace }

/** What each network cost here: time per step, bytes, tensors. Bars of a column share one scale from 0. */
export function SpeedTable({
  teacher,
  student,
  images,
}: {
  teacher: Measured
  student: Measured | null
  images: number
}) {
  const rows = student ? [teacher, student] : [teacher]
  const times = rows.map(({ trace }) => medianMs(trace))
  const longest = Math.max(...times.map((ms) => ms ?? 0), 1e-9)
  const largest = Math.max(...rows.map(({ network }) => network.fullPrecisionBytes), 1)
  const steps = Math.min(...rows.map(({ trace }) => trace.steps.length))
  const simulation = student
    ? ` The student is simulated ${student.network.run.bits}: its floats are quantized and then multiplied as floats, so it cannot be faster than the teacher here. Its packed size counts one bit per basis and weight.`
    : ''
  return (
    <Card
      title="Speed and size, measured in this browser"
      caption={`One WebAssembly thread for each network${student ? ', both at once' : ''}; ${images} images, median of ${steps} steps.${simulation}`}
    >
      <TableScroll label="Speed and size of each network">
        <table className="plain speed-table">
          <thead>
            <tr>
              <th scope="col">network</th>
              <th scope="col">ms per step ↓</th>
              <th scope="col">weights, packed ↓</th>
              <th scope="col" className="num">
                smaller ↑
              </th>
              <th scope="col" className="num">
                file
              </th>
              <th scope="col" className="num">
                fetched
              </th>
              <th scope="col" className="num">
                tensors before, after
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ network, trace }, i) => (
              <tr key={network.checkpointId}>
                <th scope="row">
                  <RunName slot={network.run.slot} name={network.run.name} />
                  <span className="run-about">
                    {network.run.role === 'teacher'
                      ? 'full precision, tfjs-wasm'
                      : `simulated ${network.run.bits}: fake-quantized floats in tfjs-wasm`}
                  </span>
                </th>
                <td>
                  <Bar slot={network.run.slot} share={(times[i] ?? 0) / longest} words={formatMs(times[i])} />
                </td>
                <td>
                  <Bar
                    slot={network.run.slot}
                    share={network.packedBytes / largest}
                    words={formatBytes(network.packedBytes)}
                  />
                </td>
                <td className="num">{formatRatio(network.fullPrecisionBytes / network.packedBytes)}</td>
                <td className="num">{formatBytes(network.bytes)}</td>
                <td className="num">{formatBytes(trace.fetchedBytes)}</td>
                <td className="num">
                  {trace.tensorsBefore ?? '–'}, {trace.tensorsAfter ?? '–'}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </TableScroll>
    </Card>
  )
}

function Bar({ slot, share, words }: { slot: number | null; share: number; words: string }) {
  return (
    <span className="speed-bar">
      <span style={{ width: Math.max(2, 120 * share), background: runColour(slot) }} />
      {words}
    </span>
  )
}
