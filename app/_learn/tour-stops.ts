/** The tour: from the list of demo runs to the cause of an error and its cure. Pure. */
import { gaussianFit } from '../../lib/diagnostics/basis-fit'
import { keptParams, type Page, type PagePath, pageUrl, type ViewParams } from '../../lib/record/view'

/** Runs of the demo that it leads through. */
export const tourRuns = ['mnist-baseline', 'mnist-lmb'] as const
const [baseline, lmb] = tourRuns

const gaussian = gaussianFit[1].bestSqnr.toFixed(1)

export type Stop = {
  title: string
  words: string
  page: Page
  run: string | null
  params: Partial<ViewParams>
  /** What is marked: the first element of the selector, with these words in it if there are any. */
  mark: { selector: string; words?: string }
}

export const stops: readonly Stop[] = [
  {
    title: 'Runs',
    words: `Each row is a network: teachers in full precision, and students of one bit. ${baseline} is the plain one: one sign, one scale.`,
    page: 'runs',
    run: null,
    params: {},
    mark: { selector: '.runs-table tbody tr', words: baseline },
  },
  {
    title: 'A run',
    words:
      'A page begins with what was found: how well the student follows its teacher, and from where it no longer does.',
    page: 'run',
    run: baseline,
    params: {},
    mark: { selector: '.opening' },
  },
  {
    title: 'The worst layer',
    words:
      'One row is one layer, over all timesteps. Here by the error each makes itself, the worst first. Strong colour is large error.',
    page: 'run',
    run: baseline,
    params: { e: 'local', sort: 'worst' },
    mark: { selector: '.sheet tr[data-layer]' },
  },
  {
    title: 'Why',
    words: `One basis can hold ${gaussian} dB of Gaussian weights at best. Where its scales leave nothing on the table it is the one bit, not a mistake. Words with a dotted line explain themselves.`,
    page: 'layer',
    run: baseline,
    params: {},
    mark: { selector: '.card', words: 'How well the bases hold the weights' },
  },
  {
    title: 'The cure, compared',
    words:
      'LMB gives head and tail a second basis. Layers that gain most stand at the top, those that lose at the bottom.',
    page: 'compare',
    run: null,
    params: { r: [...tourRuns] },
    mark: { selector: '.card', words: 'Layers ranked by change' },
  },
  {
    title: 'What it draws',
    words:
      'Teacher and student draw from the same noise, live in this browser. Switch layers below and see what comes of it.',
    page: 'sample',
    run: lmb,
    params: { n: 4 },
    mark: { selector: '.card', words: 'Same noise, two networks' },
  },
]

/** Whether the reader is at the page of a stop. */
export const isAt = (stop: Stop, place: Pick<PagePath, 'page' | 'run'> | null): boolean =>
  place !== null && place.page === stop.page && place.run === stop.run

/**
 * Where a stop is, with the view as it stands. The stop of a layer is that of the layer marked before it: null says to follow the link
 * of the mark.
 */
export function stopUrl({ page, run, params }: Stop, view: ViewParams, sameRun: boolean): string | null {
  if (page === 'layer') return null
  return pageUrl(page, run, null, { ...keptParams(view, page, { sameRun }), ...params })
}

/** The element a stop marks, if it is on the page yet. */
export function markOf({ mark: { selector, words = '' } }: Stop, page: ParentNode): Element | undefined {
  return [...page.querySelectorAll(selector)].find((element) => element.textContent?.includes(words))
}
