import Link from 'next/link'
import { pageUrl } from '../../lib/record/view'
import { isMeasured, meanOf } from '../_charts/series'
import type { TermId } from '../_learn/glossary'
import { formatBytes, formatCosine, formatCount, formatFixed, formatPercent, formatSqnr } from '../_ui/format'
import { RunMark } from '../_ui/run-mark'
import { TableScroll } from '../_ui/table-scroll'
import { Term } from '../_ui/term'
import {
  type Measure,
  type Measures,
  type ResultGroup,
  type ResultTable,
  unfinished,
  valuesOf,
} from './results-rows'

type Column = {
  measure: Measure
  term: TermId
  name: string
  better: '↑' | '↓'
  format: (value: number | null) => string
  /** What it is, for the column's head. */
  title: string
}

export const columns: Column[] = [
  {
    measure: 'frechet',
    term: 'frechet',
    name: 'Frechet distance',
    better: '↓',
    format: (v) => (isMeasured(v) && v >= 1000 ? formatCount(v) : formatFixed(v, 1)),
    title: 'Between features of the samples and of real held-out images, by a small classifier; not an FID',
  },
  {
    measure: 'cosine',
    term: 'sampleCosine',
    name: 'sample cosine',
    better: '↑',
    format: (v) => formatCosine(v),
    title: 'Of each sample with the teacher’s from the same noise, mean over images',
  },
  {
    measure: 'ssim',
    term: 'ssim',
    name: 'SSIM',
    better: '↑',
    format: (v) => formatCosine(v),
    title: 'Structural similarity with the teacher’s sample from the same noise',
  },
  {
    measure: 'psnr',
    term: 'psnr',
    name: 'PSNR, dB',
    better: '↑',
    format: (v) => formatFixed(v, 1),
    title: 'Against the teacher’s sample from the same noise',
  },
  {
    measure: 'agreement',
    term: 'agreement',
    name: 'same class',
    better: '↑',
    format: (v) => formatPercent(v),
    title: 'Share of samples the classifier puts in the class of the teacher’s sample',
  },
  {
    measure: 'coverage',
    term: 'coverage',
    name: 'coverage',
    better: '↑',
    format: (v) => formatFixed(v, 3),
    title: 'Share of real images with a sample in their neighbourhood; near 0 the samples have collapsed',
  },
  {
    measure: 'recall',
    term: 'recall',
    name: 'recall',
    better: '↑',
    format: (v) => formatFixed(v, 3),
    title: 'Share of real images that lie among the samples',
  },
  {
    measure: 'precision',
    term: 'precision',
    name: 'precision △',
    better: '↑',
    format: (v) => formatFixed(v, 3),
    title: 'Share of samples that lie among the real images; can be high for collapsed samples',
  },
  {
    measure: 'sqnr',
    term: 'outputSqnr',
    name: 'output SQNR, dB',
    better: '↑',
    format: (v) => formatSqnr(v),
    title: 'Of the predicted noise against the teacher’s, from the diagnosis of the checkpoint',
  },
  {
    measure: 'bytes',
    term: 'packedSize',
    name: 'packed size',
    better: '↓',
    format: (v) => formatBytes(v),
    title: 'Counted from the layer list; of the teacher its float32 size',
  },
]

const referenceNames = {
  real: 'Real training images',
  noise: 'Noise',
  constant: 'One grey image',
  'pixel-gaussian': 'Gaussian of the pixels',
} as const

/** Every recipe with the mean and the range over its seeds; references stand apart below. */
export function ResultsTable({ table, label }: { table: ResultTable; label: string }) {
  const { groups, references, protocol } = table
  const distance = (values: Measures) => values.frechet ?? 0
  return (
    <TableScroll label={label}>
      <table className="plain results-table">
        <thead>
          <tr>
            <th scope="col">Method</th>
            <th scope="col" className="num">
              seeds
            </th>
            {columns.map((column) => (
              <th key={column.measure} scope="col" className="num" title={column.title}>
                <Term id={column.term}>{column.name}</Term> {column.better}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.key}>
              <th scope="row">
                <GroupName group={group} />
              </th>
              <td className="num soft">{group.recipe.id === 'teacher' ? '–' : group.results.length}</td>
              {columns.map((column) => (
                <GroupCell key={column.measure} group={group} column={column} />
              ))}
            </tr>
          ))}
        </tbody>
        {references.length > 0 && (
          <tbody className="results-references">
            <tr>
              <th scope="rowgroup" colSpan={columns.length + 2}>
                Yardsticks: {formatCount(protocol.images)} images each, measured the same way
              </th>
            </tr>
            {references
              .toSorted((a, b) => distance(a.values) - distance(b.values))
              .map(({ subject, values }) => (
                <tr key={subject}>
                  <th scope="row">{referenceNames[subject]}</th>
                  <td className="num soft">–</td>
                  {columns.map((column) => (
                    <td key={column.measure} className="num soft">
                      {column.format(values[column.measure])}
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        )}
      </table>
    </TableScroll>
  )
}

function GroupName({ group }: { group: ResultGroup }) {
  const { recipe, variant, results } = group
  return (
    <>
      <b>{recipe.label}</b>
      {variant && <span className="soft"> {variant}</span>}
      <span className="results-runs">
        {results.map((result) => (
          <Link key={result.run} href={pageUrl('run', result.run, null, { c: result.step })}>
            <RunMark slot={result.slot} size={8} />
            {result.run}
            {unfinished(result) && <span className="notice"> △ {unfinished(result)}</span>}
          </Link>
        ))}
      </span>
    </>
  )
}

function GroupCell({ group, column }: { group: ResultGroup; column: Column }) {
  const { measure, format } = column
  const values = valuesOf(group, measure)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const mean = meanOf(values)
  return (
    <td className="num">
      {measure === 'frechet' || measure === 'cosine' ? <b>{format(mean)}</b> : format(mean)}
      {isMeasured(mean) && values.length > 1 && format(low) !== format(high) && (
        <span className="results-range">
          {format(low)}–{format(high)}
        </span>
      )}
    </td>
  )
}
