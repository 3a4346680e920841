import type { LayerRecord } from '../../lib/record/run'
import { isMeasured, meanOf, type Series } from '../_charts/series'
import { formatCosine, formatCount, formatFixed, formatPercent, formatScale } from '../_ui/format'

type Measure = {
  name: string
  better: '↑' | '↓' | ''
  format: (value: number | null | undefined) => string
  /** Of the weights alone. */
  weights?: number | null
  series: Series
}

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
          format: (v) => formatFixed(v, 1),
          weights: weights.reconstruction?.sqnr,
          series: alignment.sqnr,
        },
        {
          name: 'cosine',
          better: '↑',
          format: formatCosine,
          weights: weights.reconstruction?.cosine,
          series: alignment.cosine,
        },
        {
          name: `cosine in ${alignment.rank} leading axes`,
          better: '↑',
          format: formatCosine,
          series: alignment.lowRankCosine,
        },
        {
          name: 'energy in these axes, teacher',
          better: '',
          format: formatPercent,
          series: alignment.lowRankTeacherEnergy,
        },
        {
          name: 'energy in these axes, student',
          better: '',
          format: formatPercent,
          series: alignment.lowRankStudentEnergy,
        },
      ]
    : []
  return (
    <div className="table-scroll numbers">
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
            return (
              <tr key={m.name}>
                <th scope="row">{m.name}</th>
                <td>{m.better || '–'}</td>
                <td className="num">{m.format(m.weights)}</td>
                <td className="num">
                  <b>{m.format(m.series[at])}</b>
                </td>
                <td className="num">{m.format(meanOf(m.series))}</td>
                <td className="num">{m.format(measured.length > 0 ? Math.min(...measured) : null)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Moments of the float weights beside the teacher's, then what binarization did to them. */
export function WeightNumbers({ record, teacherRun }: { record: LayerRecord; teacherRun: boolean }) {
  const { latent, teacher, sigma1, sigma2, alpha, againstTeacher, flips } = record.weights
  const both: [string, (m: typeof latent.moments) => string][] = [
    ['values', (m) => formatCount(m.count)],
    ['mean', (m) => formatScale(m.mean)],
    ['standard deviation', (m) => formatScale(m.std)],
    ['mean |w|', (m) => formatScale(m.meanAbs)],
    ['smallest', (m) => formatScale(m.min)],
    ['largest', (m) => formatScale(m.max)],
    ['kurtosis (3: Gaussian)', (m) => (m.kurtosis === null ? '–' : formatFixed(m.kurtosis, 2))],
    ['not finite', (m) => formatCount(m.nonFinite)],
  ]
  const own: [string, string][] = sigma1
    ? [
        ['mean σ1', formatScale(meanOf(sigma1))],
        ...(sigma2 ? [['mean σ2', formatScale(meanOf(sigma2))] as [string, string]] : []),
        ['α, step of the 4- or 8-bit input', formatScale(alpha)],
        ['SQNR against the teacher’s weights, dB ↑', formatFixed(againstTeacher?.sqnr, 1)],
        ['cosine with the teacher’s weights ↑', formatCosine(againstTeacher?.cosine)],
        ['signs that differ from the teacher’s', formatPercent(flips)],
      ]
    : []
  return (
    <div className="table-scroll numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">weights</th>
            <th scope="col" className="num">
              {teacherRun ? 'full precision' : sigma1 ? 'latent' : 'kept'}
            </th>
            {teacher && (
              <th scope="col" className="num">
                teacher
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {both.map(([name, write]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{write(latent.moments)}</td>
              {teacher && <td className="num">{write(teacher.moments)}</td>}
            </tr>
          ))}
          {own.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="num">{value}</td>
              {teacher && <td className="num">–</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
