import { isExact } from '../_charts/series'
import { formatBytes, formatCosine, formatDb, formatDelta, formatLarge } from '../_ui/format'
import { switchedCost } from './what-if-ledger'
import type { WhatIfProps } from './what-if-props'

type WhatIfResultProps = Omit<WhatIfProps, 'onChange'>

/** Cost and error as stored, with the switches, and what changed; a sentence for what it comes to. */
export function WhatIfResult({ student, switches, now, stored }: WhatIfResultProps) {
  const [before, after] = [switchedCost(student, new Map()), switchedCost(student, switches)]
  const isSwitched = switches.size > 0
  const bytes = [before.bytes.counted, after.bytes.counted] as const
  const operations = [before.operations!.counted, after.operations!.counted] as const
  const sqnr = [stored?.finalSqnr, now?.finalSqnr] as const
  const cosine = [stored?.finalCosine, now?.finalCosine] as const
  return (
    <div className="what-if-result">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">
              <span className="unseen">Figure</span>
            </th>
            <th scope="col" className="num">
              as stored
            </th>
            <th scope="col" className="num">
              with switches
            </th>
            <th scope="col" className="num">
              change
            </th>
          </tr>
        </thead>
        <tbody>
          <Figure
            name="packed file ↓"
            values={bytes}
            format={formatBytes}
            change={signed(formatBytes)}
            {...{ isSwitched }}
          />
          <Figure
            name="OPs per image and step ↓"
            values={operations}
            format={formatLarge}
            change={signed(formatLarge)}
            {...{ isSwitched }}
          />
          <Figure
            name="SQNR of the samples ↑"
            values={sqnr}
            format={formatDb}
            change={(v) => (isExact(now?.finalSqnr) ? 'exact' : `${formatDelta(v, 1)}\u00a0dB`)}
            better="up"
            {...{ isSwitched }}
          />
          <Figure
            name="cosine of the samples ↑"
            values={cosine}
            format={formatCosine}
            change={(v) => formatDelta(v, 3)}
            better="up"
            {...{ isSwitched }}
          />
        </tbody>
      </table>
      <p className="caption verdict" role="status">
        {words(switches.size, bytes, sqnr)}
      </p>
      <p className="caption">
        Counted as <code>bases-counted</code>: every basis at one bit, MACs × w × a / 64. Samples against the
        teacher’s from the same noise.
      </p>
    </div>
  )
}

type Pair = readonly [before: number | null | undefined, after: number | null | undefined]

function words(
  count: number,
  [bytesBefore, bytesAfter]: readonly [number, number],
  [before, after]: Pair,
): string {
  if (count === 0) return 'Nothing is switched: this is the student as stored.'
  const layers = count === 1 ? 'one layer' : `${count} layers`
  if (isExact(after)) return `With ${layers} switched the student draws exactly what its teacher does.`
  if (after === null || after === undefined) return `The student draws with ${layers} switched.`
  if (before === null || before === undefined)
    return `Drawn with ${layers} switched. Reset once to see what the stored student gives.`
  const gain = after - before
  const price = bytesAfter - bytesBefore
  const verb = gain >= 0 ? 'wins' : 'loses'
  return `Switching ${layers} ${verb} ${formatDb(Math.abs(gain))} for ${signed(formatBytes)(price)}.`
}

const signed = (format: (value: number) => string) => (value: number) =>
  value === 0 ? '0' : `${value > 0 ? '+' : '−'}${format(Math.abs(value))}`

type FigureProps = {
  name: string
  values: Pair
  format: (value: number) => string
  change: (value: number) => string
  better?: 'up' | 'down'
  isSwitched: boolean
}

function Figure({ name, values: [before, after], format, change, better = 'down', isSwitched }: FigureProps) {
  const known = typeof before === 'number' && typeof after === 'number'
  const difference = known && isSwitched ? after - before : null
  const worse = difference !== null && (better === 'up' ? difference < 0 : difference > 0)
  const written = (value: number | null | undefined) => (typeof value === 'number' ? format(value) : '–')
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="num">{written(before)}</td>
      <td className="num">
        <b>{isSwitched ? written(after) : '–'}</b>
      </td>
      <td className={worse ? 'num worse' : 'num soft'}>{difference === null ? '–' : change(difference)}</td>
    </tr>
  )
}
