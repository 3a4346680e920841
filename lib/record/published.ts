/**
 * Figures of the BinaryDM papers (arXiv 2404.05662), as reference rows: other data, other networks, other measures than
 * those of a run here. v5 is read from its text (tables 1, 2, 8); v1 from pictures of its tables 1, 2 and 5 in a course
 * write-up (effml-postech, spring 2024), since the PDF of v1 could not be had.
 */

export const publishedMetrics = [
  { key: 'is', name: 'IS', better: 'higher' },
  { key: 'fid', name: 'FID', better: 'lower' },
  { key: 'sfid', name: 'sFID', better: 'lower' },
  { key: 'precision', name: 'precision', better: 'higher' },
  { key: 'recall', name: 'recall', better: 'higher' },
] as const
export type PublishedMetric = (typeof publishedMetrics)[number]['key']

export type PublishedRow = {
  version: 'v1' | 'v5'
  /** 'main': a table that compares methods; 'ablation': what each part of the method adds. */
  table: 'main' | 'ablation'
  dataSet: 'CIFAR-10' | 'LSUN-Bedrooms' | 'LSUN-Churches' | 'FFHQ'
  network: 'DDIM' | 'LDM-4' | 'LDM-8'
  /** Weight and activation bits, 'W1A4'. */
  bits: 'W32A32' | 'W1A32' | 'W1A8' | 'W1A4'
  method: string
  /** The recipe it stands for (lib/record/recipe.ts), where there is one. */
  recipe: string | null
  /** null where the table has no such column. Precision and recall in per cent. */
  values: Record<PublishedMetric, number | null>
}

type Place = Pick<PublishedRow, 'version' | 'table' | 'dataSet' | 'network' | 'bits'>

/** FID, sFID, precision, recall. */
type LatentScores = readonly [number, number, number, number]

const pixel = (
  place: Place,
  method: string,
  recipe: string | null,
  [is, fid, sfid, precision]: LatentScores,
): PublishedRow => ({ ...place, method, recipe, values: { is, fid, sfid, precision, recall: null } })

const latent = (
  place: Place,
  method: string,
  recipe: string | null,
  [fid, sfid, precision, recall]: LatentScores,
): PublishedRow => ({ ...place, method, recipe, values: { is: null, fid, sfid, precision, recall } })

const full = { v1: 'lmb+lrm+progressive', v5: 'ebb+lrm' } as const

const cifar = (version: 'v1' | 'v5', bits: PublishedRow['bits']): Place => ({
  version,
  table: 'main',
  dataSet: 'CIFAR-10',
  network: 'DDIM',
  bits,
})

const ablation = (version: 'v1' | 'v5', bits: PublishedRow['bits']): Place => ({
  version,
  table: 'ablation',
  dataSet: 'LSUN-Bedrooms',
  network: 'LDM-4',
  bits,
})

const w1a4 = (
  dataSet: PublishedRow['dataSet'],
  network: PublishedRow['network'],
  scores: Record<'v1' | 'v5', Record<'baseline' | 'binarydm', LatentScores>>,
): PublishedRow[] =>
  (['v1', 'v5'] as const).flatMap((version) => {
    const place = { version, table: 'main', dataSet, network, bits: 'W1A4' } as const
    return [
      latent(place, 'Baseline', 'sign', scores[version].baseline),
      latent(place, 'BinaryDM', full[version], scores[version].binarydm),
    ]
  })

export const published: readonly PublishedRow[] = [
  pixel(cifar('v1', 'W32A32'), 'Full precision', 'teacher', [8.9, 5.54, 4.64, 67.92]),
  pixel(cifar('v1', 'W1A32'), 'Baseline', 'sign', [4.21, 123.78, 64.31, 36.88]),
  pixel(cifar('v1', 'W1A32'), 'BinaryDM', full.v1, [8.38, 10.32, 5.55, 62.34]),
  pixel(cifar('v1', 'W1A8'), 'Baseline', 'sign', [4.5, 117.37, 44.75, 40.5]),
  pixel(cifar('v1', 'W1A8'), 'BinaryDM', full.v1, [9.09, 9.92, 6.59, 60.51]),
  pixel(cifar('v1', 'W1A4'), 'Baseline', 'sign', [1.92, 318.84, 115.57, 2.18]),
  pixel(cifar('v1', 'W1A4'), 'BinaryDM', full.v1, [8.11, 25.83, 8.46, 51.22]),
  pixel(cifar('v5', 'W32A32'), 'Full precision', 'teacher', [8.9, 5.54, 4.64, 67.92]),
  pixel(cifar('v5', 'W1A32'), 'Baseline', 'sign', [7.84, 22.59, 6.83, 60.23]),
  pixel(cifar('v5', 'W1A32'), 'BinaryDM', full.v5, [8.28, 11.92, 5.42, 61.84]),
  pixel(cifar('v5', 'W1A8'), 'Baseline', 'sign', [7.94, 20.25, 9.38, 59.42]),
  pixel(cifar('v5', 'W1A8'), 'BinaryDM', full.v5, [8.47, 11.21, 5.49, 62.65]),
  pixel(cifar('v5', 'W1A4'), 'Baseline', 'sign', [5.92, 100.17, 51.06, 36.46]),
  pixel(cifar('v5', 'W1A4'), 'BinaryDM', full.v5, [6.48, 87.77, 51.73, 37.25]),

  latent(ablation('v1', 'W1A32'), 'Vanilla', 'sign', [27.33, 30.72, 37.11, 22.86]),
  latent(ablation('v1', 'W1A32'), '+ LMB', 'lmb', [10.27, 13.73, 64.85, 32.58]),
  latent(ablation('v1', 'W1A32'), '+ LRM', 'sign+lrm', [27.37, 35.71, 34.93, 19.28]),
  latent(ablation('v1', 'W1A32'), 'BinaryDM', full.v1, [6.42, 9.63, 66.92, 34.98]),
  latent(ablation('v5', 'W1A32'), 'Vanilla', 'sign', [8.43, 13.11, 65.45, 29.88]),
  latent(ablation('v5', 'W1A32'), '+ EBB', 'ebb', [7.39, 12.34, 65.98, 35.84]),
  latent(ablation('v5', 'W1A32'), '+ EBB + LRM', full.v5, [6.99, 12.15, 67.51, 36.8]),
  latent(ablation('v5', 'W1A4'), 'Vanilla', 'sign', [10.87, 15.46, 64.05, 26.5]),
  latent(ablation('v5', 'W1A4'), '+ EBB', 'ebb', [8.53, 11.99, 62.94, 30.78]),
  latent(ablation('v5', 'W1A4'), '+ EBB + LRM', full.v5, [7.74, 10.8, 64.71, 32.98]),

  ...w1a4('LSUN-Bedrooms', 'LDM-4', {
    v1: { baseline: [39.69, 35.31, 26.94, 22.62], binarydm: [7.11, 11.26, 62.21, 33.28] },
    v5: { baseline: [10.87, 15.46, 64.05, 26.5], binarydm: [7.74, 10.8, 64.71, 32.98] },
  }),
  ...w1a4('LSUN-Churches', 'LDM-8', {
    v1: { baseline: [11.94, 23.06, 74.81, 21.96], binarydm: [9.71, 17.79, 78.63, 28.6] },
    v5: { baseline: [12.98, 21.55, 70.78, 25.3], binarydm: [9.91, 18.04, 73.72, 29.96] },
  }),
  ...w1a4('FFHQ', 'LDM-4', {
    v1: { baseline: [24.36, 22.94, 67.67, 25.89], binarydm: [12.99, 11.55, 70.04, 39.55] },
    v5: { baseline: [15.07, 12.48, 74.34, 35.12], binarydm: [12.34, 11.18, 74.83, 38.09] },
  }),
]

const dataSetNames: Record<PublishedRow['dataSet'], RegExp> = {
  'CIFAR-10': /cifar[-_ ]?10(?!\d)/i,
  'LSUN-Bedrooms': /bedroom|lsun[-_ ]?beds?(?![a-z])/i,
  'LSUN-Churches': /church/i,
  FFHQ: /ffhq/i,
}

/** The papers' data set that a training with these settings (dotted keys) names among its data; null if none. */
export function publishedDataSet(settings: Readonly<Record<string, string>>): PublishedRow['dataSet'] | null {
  const named = Object.entries(settings).flatMap(([key, value]) => (/data/i.test(key) ? [value] : []))
  const fits = (set: PublishedRow['dataSet']) => named.some((value) => dataSetNames[set].test(value))
  return (Object.keys(dataSetNames) as PublishedRow['dataSet'][]).find(fits) ?? null
}

/** Rows of the papers' comparisons on one data set: full precision, and those with any of these bits. */
export function publishedRows(dataSet: PublishedRow['dataSet'], bits: readonly string[]): PublishedRow[] {
  return published.filter(
    (row) =>
      row.table === 'main' && row.dataSet === dataSet && (row.bits === 'W32A32' || bits.includes(row.bits)),
  )
}

/** What one part of the method adds to another recipe, as an ablation reports it. */
export type PublishedStep = { from: PublishedRow; to: PublishedRow }

/** Every ablation of one version and precision that holds both recipes. */
export function publishedSteps(from: string, to: string): PublishedStep[] {
  const rows = published.filter(({ table }) => table === 'ablation')
  return rows
    .filter(({ recipe }) => recipe === from)
    .flatMap((a) => {
      const b = rows.find((row) => row.recipe === to && row.version === a.version && row.bits === a.bits)
      return b ? [{ from: a, to: b }] : []
    })
}
