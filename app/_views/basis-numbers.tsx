import { nearZeroShare } from '../../lib/diagnostics/bases'
import { gaussianFit } from '../../lib/diagnostics/basis-fit'
import type { BasisFit, BasisStats, Spread } from '../../lib/record/run'
import { gaussianYardstick } from '../_charts/basis-yardsticks'
import type { TermId } from '../_learn/glossary'
import { formatCosine, formatCount, formatFixed, formatPercent, formatSqnr } from '../_ui/format'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'

type Row = {
  name: string
  term: TermId
  formula: string
  better: '↑' | '↓' | '–'
  latent: string
  teacher: string
  /** What Gaussian weights, or random signs, have. */
  yardstick: string
}

const percentOf = (share: number | undefined) => formatPercent(share)

/** Rows of what bases hold of float weights: the same measures against the latent and the teacher's weights. */
function fitRows({ latent, teacher, positive }: BasisStats): Row[] {
  const gaussian = gaussianFit[positive.length === 2 ? 2 : 1]
  const inUse = -10 * Math.log10(gaussian.residualEnergy)
  const both = (write: (fit: BasisFit) => string) => ({
    latent: latent?.fit ? write(latent.fit) : '–',
    teacher: teacher?.fit ? write(teacher.fit) : '–',
  })
  return [
    {
      name: 'residual energy',
      term: 'residualEnergy',
      formula: 'Σ(w − w_b)² / Σw², what the bases do not hold; above 100 % they are worse than zeros',
      better: '↓',
      ...both((fit) => percentOf(fit.residualEnergy)),
      yardstick: percentOf(gaussian.residualEnergy),
    },
    {
      name: 'SQNR with the best scales, dB',
      term: 'bestScales',
      formula: 'least squares per channel, the signs as they are',
      better: '↑',
      ...both((fit) => formatSqnr(fit.refitSqnr)),
      yardstick: formatFixed(inUse, 1),
    },
    {
      name: 'SQNR with the best bases, dB',
      term: 'bestBases',
      formula: 'of all signs and scales there are: the means of |w|, or of its two best parts',
      better: '↑',
      ...both((fit) => formatSqnr(fit.bestSqnr)),
      yardstick: formatFixed(gaussian.bestSqnr, 1),
    },
    {
      name: 'left on the table by the scales, dB',
      term: 'left',
      formula: 'best scales − in use; 0 is nothing',
      better: '↓',
      ...both((fit) => formatFixed(fit.scalesLeft, 2)),
      yardstick: '0',
    },
    {
      name: 'left by scales and signs, dB',
      term: 'left',
      formula: 'best bases − in use; 0 is nothing',
      better: '↓',
      ...both((fit) => formatFixed(fit.basesLeft, 2)),
      yardstick: formatFixed(Math.max(0, gaussian.bestSqnr - inUse), 2),
    },
  ]
}

/** Rows of the bases themselves and of the latent weights at the ends of the estimator. */
function ownRows({ latent, teacher, entropy, ratio, dead, positive }: BasisStats): Row[] {
  const channels = positive[0]?.length ?? 0
  const [first, second] = entropy
  const spread = ({ min, median }: Spread) => `${formatCosine(median)}, lowest ${formatCosine(min)}`
  const rows: (Row | null | undefined)[] = [
    ratio && {
      name: 'σ2/σ1, median of the channels',
      term: 'ratio',
      formula: 'near 0 the second basis is off',
      better: '–',
      latent: formatCosine(ratio.median),
      teacher: '–',
      yardstick: formatCosine(gaussianYardstick.ratio),
    },
    first && {
      name: `entropy of the signs${second ? ', first basis' : ''}, bits`,
      term: 'entropy',
      formula: '−p log₂ p − (1−p) log₂(1−p), p the share of +1; median and lowest channel',
      better: '↑',
      latent: spread(first),
      teacher: '–',
      yardstick: '1',
    },
    second && {
      name: 'entropy of the signs, second basis, bits',
      term: 'entropy',
      formula: 'the same of the residual’s signs',
      better: '↑',
      latent: spread(second),
      teacher: '–',
      yardstick: '1',
    },
    {
      name: 'dead channels',
      term: 'dead',
      formula: '|σ1| + |σ2| below 5 % of the layer’s largest',
      better: '↓',
      latent: `${formatCount(dead)} of ${formatCount(channels)}`,
      teacher: '–',
      yardstick: '0',
    },
    teacher && {
      name: `most signs unlike the teacher’s: channel ${teacher.flips.channel}`,
      term: 'flips',
      formula: 'share of sign(w_b) ≠ sign(teacher’s w) in that channel; chance gives 50 %',
      better: '↓',
      latent: '–',
      teacher: percentOf(teacher.flips.share),
      yardstick: '0',
    },
    {
      name: 'latent weights outside the window',
      term: 'outside',
      formula: '|w| > 1: the straight-through estimator gives them no gradient',
      better: '↓',
      latent: latent ? percentOf(latent.outside) : 'not stored',
      teacher: '–',
      yardstick: '0',
    },
    {
      name: 'latent weights near zero',
      term: 'nearZero',
      formula: `|w| < ${nearZeroShare} mean |w| of their channel: may flip next`,
      better: '–',
      latent: latent ? percentOf(latent.nearZero) : 'not stored',
      teacher: '–',
      yardstick: '6.4 %',
    },
  ]
  return rows.filter((row) => row !== null && row !== undefined)
}

/** How well the bases of a layer hold its weights: each measure with its formula, direction and yardstick. */
export function BasisNumbers({ bases }: { bases: BasisStats }) {
  return (
    <TableScroll label="Numbers of the bases" className="numbers">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">measure</th>
            <th scope="col">better</th>
            <th scope="col" className="num">
              layer
            </th>
            <th scope="col" className="num">
              against teacher
            </th>
            <th scope="col" className="num">
              Gaussian
            </th>
          </tr>
        </thead>
        <tbody>
          {[...fitRows(bases), ...ownRows(bases)].map((row, i) => (
            <tr key={i}>
              <th scope="row">
                <Term id={row.term}>{row.name}</Term>
                <small className="formula">{row.formula}</small>
              </th>
              <td>{row.better}</td>
              <td className="num">{row.latent}</td>
              <td className="num">{row.teacher}</td>
              <td className="num soft">{row.yardstick}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableScroll>
  )
}
