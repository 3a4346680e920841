import type { LayerRecord, Moments } from '../../lib/record/run'
import { isMeasured, meanOf, meanSqnr, type Series } from '../_charts/series'
import { formatCosine, formatCount, formatFixed, formatPercent, formatScale, formatSqnr } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'

type Measure = {
  name: string
  better: '↑' | '↓' | ''
  format: (value: number | null | undefined) => string
  /** Of the weights alone. */
  weights?: number | null
  series: Series
  mean?: (series: Series) => number | null
}

/** "leading axis", "16 leading axes". */
export const leadingAxes = (rank: number): string => (rank === 1 ? 'leading axis' : `${rank} leading axes`)

/** Every measure of the output with its direction: in the weights, at the selected t, over all timesteps. */
export function OutputNumbers({
  record,
  timesteps,
  at,
}: {
  record: LayerRecord
  timesteps: readonly number[]
  at: number
}) {
  const { weights, alignment } = record
  const measures: Measure[] = alignment
    ? [
        {
          name: 'SQNR, dB',
          better: '↑',
          format: formatSqnr,
          weights: weights.reconstruction?.sqnr,
          series: alignment.sqnr,
          mean: meanSqnr,
        },
        {
          name: 'cosine',
          better: '↑',
          format: formatCosine,
          weights: weights.reconstruction?.cosine,
          series: alignment.cosine,
        },
        {
          name: `cosine in the ${leadingAxes(alignment.rank)}`,
          better: '↑',
          format: formatCosine,
          series: alignment.lowRankCosine,
        },
        {
          name: `energy ${alignment.rank === 1 ? 'on this axis' : 'in these axes'}, teacher`,
          better: '',
          format: formatPercent,
          series: alignment.lowRankTeacherEnergy,
        },
        {
          name: `energy ${alignment.rank === 1 ? 'on this axis' : 'in these axes'}, student`,
          better: '',
          format: formatPercent,
          series: alignment.lowRankStudentEnergy,
        },
      ]
    : []
  return (
    <TableScroll label="Measures of the output" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">measure</th>
            <th scope="col">better</th>
            <th scope="col" className="num">
              weights
            </th>
            <th scope="col" className="num">
              t {timesteps[at]}
            </th>
            <th scope="col" className="num">
              mean over t
            </th>
            <th scope="col" className="num">
              lowest
            </th>
          </tr>
        </thead>
        <tbody>
          {measures.map((m) => {
            const measured = m.series.filter(isMeasured)
            if (measured.length === 0) return null
            return (
              <tr key={m.name}>
                <th scope="row">{m.name}</th>
                <td>{m.better || '–'}</td>
                <td className="num">{m.format(m.weights)}</td>
                <td className="num">
                  <b>{m.format(m.series[at])}</b>
                </td>
                <td className="num">{m.format((m.mean ?? meanOf)(m.series))}</td>
                <td className="num">{m.format(measured.length > 0 ? Math.min(...measured) : null)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </TableScroll>
  )
}

type MomentRow = [string, (m: Moments) => string]

const values: MomentRow = ['values', (m) => formatCount(m.count)]
const notFinite: MomentRow = ['not finite', (m) => formatCount(m.nonFinite)]

/** Moments of the float weights beside the teacher's. */
export function WeightNumbers({ record, teacherRun }: { record: LayerRecord; teacherRun: boolean }) {
  const { latent, teacher, sigma1 } = record.weights
  const rows: MomentRow[] = [
    // Beside the scales of a binarized layer there is room for fewer; its count stands in the head of the page.
    ...(sigma1 ? [] : [values]),
    ['mean', (m) => formatScale(m.mean)],
    ['standard deviation', (m) => formatScale(m.std)],
    ['mean |w|', (m) => formatScale(m.meanAbs)],
    ['smallest', (m) => formatScale(m.min)],
    ['largest', (m) => formatScale(m.max)],
    ['kurtosis (3: Gaussian)', (m) => formatFixed(m.kurtosis, 2)],
    ...(sigma1 && !latent?.moments.nonFinite ? [] : [notFinite]),
  ]
  if (!latent && !teacher) return null
  return (
    <TableScroll label="Numbers of the weights" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">weights</th>
            {latent && (
              <th scope="col" className="num">
                {teacherRun ? 'full precision' : sigma1 ? 'latent' : 'kept'}
              </th>
            )}
            {teacher && (
              <th scope="col" className="num">
                teacher
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, write]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {latent && <td className="num">{write(latent.moments)}</td>}
              {teacher && <td className="num">{write(teacher.moments)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}

/** What binarization made of the weights. */
export function BinarizedNumbers({ record }: { record: LayerRecord }) {
  const { sigma1, sigma2, alpha, againstTeacher, flips } = record.weights
  if (!sigma1) return null
  const rows: [string, string][] = [
    ['mean σ1', formatScale(meanOf(sigma1))],
    ...(sigma2 ? [['mean σ2', formatScale(meanOf(sigma2))] as [string, string]] : []),
    ...(alpha === null
      ? []
      : [
          [`α, step of the ${record.precision.activationBits}-bit input`, formatScale(alpha)] as [
            string,
            string,
          ],
        ]),
    ['SQNR against the teacher’s weights, dB ↑', formatSqnr(againstTeacher?.sqnr)],
    ['cosine with the teacher’s weights ↑', formatCosine(againstTeacher?.cosine)],
    ['signs that differ from the teacher’s', formatPercent(flips)],
  ]
  return (
    <TableScroll label="Numbers of the binarized weights" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">binarized</th>
            <th scope="col" className="num">
              student
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{value}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}
