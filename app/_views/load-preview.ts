/** What a chat tool shows of a link: a title, a sentence, and what its picture is drawn from. */
import type { CheckpointDetail } from '../../lib/record/run'
import type { SharedView } from '../../lib/record/shared-view'
import { getCheckpoint } from '../../lib/store/checkpoints'
import { runNames } from '../../lib/store/runs'
import { formatBytes, formatCount, formatDb, formatRatio } from '../_ui/format'
import { type Thumbnails, thumbnails } from './load'

export type Preview = {
  title: string
  /** What the picture says below the title; the description is all of it. */
  lines: string[]
  /** SQNR of layers by timestep, dB, rows in order of the forward pass; null where nothing was measured. */
  map: { values: (number | null)[][]; caption: string } | null
  samples: Thumbnails | null
}

/** Checkpoints named in a picture. */
const mostNamed = 4
/** Images of a row of samples. */
const sampleCount = 8

type Shown = Pick<SharedView, 'page' | 'layer' | 'checkpoints'>

/** The preview of a page of stored checkpoints; those that are gone are left out. */
export async function loadPreview({ page, layer, checkpoints }: Shown): Promise<Preview> {
  if (page === 'runs' || page === 'results') {
    const what = page === 'runs' ? 'Runs' : 'Results'
    const count = checkpoints.length
    const lines = [
      `${formatCount(count)} ${count === 1 ? 'checkpoint' : 'checkpoints'} of binarized diffusion models`,
    ]
    return { title: what, lines, map: null, samples: null }
  }
  const shown = page === 'compare' ? checkpoints.slice(0, mostNamed) : checkpoints.slice(0, 1)
  const found = await Promise.all(shown.map((id) => getCheckpoint(id)))
  const details = found.filter((detail) => detail !== null)
  const names = await runNames(details.map(({ runId }) => runId))
  const nameOf = (detail: CheckpointDetail) => names.get(detail.runId) ?? 'a run'
  const last = details.at(-1)
  if (!last) return { title: 'Signscope', lines: [], map: null, samples: null }
  const name = nameOf(last)
  const titles = {
    run: name,
    layer: `${layer} of ${name}`,
    sample: `Samples of ${name}`,
    compare: 'Comparison',
  }
  const hidden = page === 'compare' ? checkpoints.length - details.length : 0
  return {
    title: titles[page],
    lines:
      page === 'compare'
        ? [
            ...details.map(
              (detail) => `${nameOf(detail)}, step ${formatCount(detail.step)}: ${sqnrOf(detail)}`,
            ),
            `${hidden > 0 ? `and ${hidden} more; ` : ''}mean output SQNR, higher is better`,
          ]
        : [
            `Step ${formatCount(last.step)}${last.outputSqnr === null ? '' : `: ${sqnrOf(last)} mean output SQNR`}`,
            sizeOf(last),
          ],
    map: mapOf(last, page === 'layer' ? layer : null),
    samples: thumbnails(last.samples, sampleCount),
  }
}

function sqnrOf({ outputSqnr }: CheckpointDetail): string {
  return outputSqnr === null ? 'not measured' : formatDb(outputSqnr)
}

function sizeOf({ ledger }: CheckpointDetail): string {
  if (!ledger.signBytes) return `${formatBytes(ledger.fullPrecisionBytes)} in full precision`
  const ratio = ledger.fullPrecisionBytes / ledger.packedBytes
  return `${formatBytes(ledger.packedBytes)} packed, ${formatRatio(ratio)} smaller`
}

/** The map of all layers, or the one row of a layer. */
function mapOf({ diagnosis }: CheckpointDetail, layer: string | null): Preview['map'] {
  const values = diagnosis.layers.flatMap((record) =>
    record.alignment && (layer === null || record.layer.id === layer) ? [record.alignment.sqnr] : [],
  )
  if (values.length === 0) return null
  const rows = layer === null ? `${values.length} layers` : 'this layer'
  return { values, caption: `error of ${rows}, noise to image, dark is large` }
}
