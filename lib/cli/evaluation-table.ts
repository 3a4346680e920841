/** The rows of an evaluation as text, with the protocol they were measured by. */
import type { Evaluation } from '../record/evaluation'

const columns: { head: string; width: number; value(row: Evaluation): string }[] = [
  { head: 'Frechet ↓', width: 10, value: (row) => row.frechetDistance.toFixed(1) },
  { head: 'precision ↑', width: 12, value: (row) => row.precision.toFixed(3) },
  { head: 'recall ↑', width: 9, value: (row) => row.recall.toFixed(3) },
  { head: 'coverage ↑', width: 11, value: (row) => row.coverage.toFixed(3) },
  { head: 'confidence ↑', width: 13, value: (row) => row.confidence.toFixed(3) },
  { head: 'cosine ↑', width: 9, value: ({ paired }) => paired?.cosine.toFixed(3) ?? '-' },
  { head: 'SSIM ↑', width: 7, value: ({ paired }) => paired?.ssim.toFixed(3) ?? '-' },
  { head: 'PSNR, dB ↑', width: 11, value: ({ paired }) => paired?.psnr.toFixed(1) ?? '-' },
  { head: 'agreement ↑', width: 12, value: ({ paired }) => paired?.agreement.toFixed(3) ?? '-' },
]

/** Rows of one evaluation, at least one; all have its protocol. */
export function evaluationTable(rows: Evaluation[]): string {
  const names = rows.map(nameOf)
  const width = Math.max(...names.map((name) => name.length))
  const line = (name: string, cell: (column: (typeof columns)[number]) => string) =>
    name.padEnd(width) + columns.map((column) => ` ${cell(column).padStart(column.width)}`).join('')
  const shares = rows.map(
    (row, i) => `  ${names[i]!.padEnd(width)} ${row.classShares.map((share) => share.toFixed(2)).join(' ')}`,
  )
  return [
    ...protocolLines(rows),
    '',
    line('', ({ head }) => head),
    ...rows.map((row, i) => line(names[i]!, ({ value }) => value(row))),
    '',
    'Share of the samples in each class, by the classifier:',
    ...shares,
  ].join('\n')
}

function protocolLines(rows: Evaluation[]): string[] {
  const p = rows[0]!.protocol
  const samplings = new Set(
    rows.flatMap(({ sampling: s }) =>
      s
        ? `${s.sampler.toUpperCase()}, ${s.steps} steps, eta ${s.eta}, schedule of ${s.schedule}, x_0 ${s.clip ? '' : 'not '}clipped${s.arithmetic ? `, at ${s.arithmetic}` : ''}`
        : [],
    ),
  )
  const teachers = new Set(rows.flatMap(({ teacherSha256 }) => teacherSha256?.slice(0, 12) ?? []))
  const accuracy = (100 * p.classifierAccuracy).toFixed(2)
  return [
    `${p.images} pictures a row of ${p.width}x${p.height}x${p.channels} against ${p.images} held-out images of ${p.set}, seed ${p.seed}`,
    ...[...samplings].map((sampling) => `Samples: ${sampling}`),
    `Frechet: squared Frechet distance on features of a small classifier (${p.classifier}, ${accuracy} % on the held-out split); not an FID`,
    `Precision and recall with k = ${p.neighbours}, coverage with k = ${p.coverageNeighbours}, on pixels pooled to ${p.pooledValues} values`,
    ...[...teachers].map(
      (sha256) =>
        `Cosine, SSIM, PSNR, class agreement: means over pictures from the same noise as teacher ${sha256}'s`,
    ),
  ]
}

const referenceNames = {
  real: 'real training images',
  noise: 'pure noise',
  constant: 'constant picture',
  'pixel-gaussian': 'Gaussian of pixels',
}

function nameOf({ subject, run, step, sha256 }: Evaluation): string {
  if (subject !== 'checkpoint') return referenceNames[subject]
  const content = sha256!.slice(0, 12)
  return run === null ? content : `${run} ${step} (${content})`
}
