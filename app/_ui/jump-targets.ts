/** From where the reader is and what was found to the pages the jump palette offers. */

import { loadViewParams } from '../../lib/record/load-view'
import type { Place, PlaceKind } from '../../lib/record/places'
import {
  keptParams,
  type Page,
  type PagePath,
  pageUrl,
  placeOf,
  type ViewParams,
} from '../../lib/record/view'
import { formatCount } from './format'

export type Here = {
  path: string
  place: PagePath | null
  /** The run whose layers are near: that of the page, or the last one compared. */
  run: string | null
  view: ViewParams
}

export type Target = { label: string; kind: string; url: string; mono?: boolean }

/** Where an address is; `search` as window.location has it. */
export function hereOf(path: string, search: string): Here {
  const place = placeOf(path)
  const view = loadViewParams(new URLSearchParams(search))
  const compared = view.r.at(-1)?.replace(/@\d+$/, '') ?? null
  return { path, place, run: place?.run ?? (place?.page === 'compare' ? compared : null), view }
}

/** The pages with every word in their names: those of everyone, and those of the run the reader is at. */
export function pageTargets({ path, place, run, view }: Here, words: readonly string[]): Target[] {
  const url = (page: Page) => pageUrl(page, run, null, keptParams(view, page))
  const all: Target[] = [
    { label: 'Runs', kind: 'page', url: '/' },
    { label: 'Results', kind: 'page', url: '/results' },
    { label: 'Compare', kind: 'page', url: url('compare') },
    { label: 'Learn', kind: 'page', url: '/learn' },
    { label: 'Shared links', kind: 'page', url: '/shares' },
    ...(run
      ? [
          {
            label: `Run ${run}`,
            kind: 'page',
            url: place?.layer
              ? pageUrl('run', run, null, { ...keptParams(view, 'run'), l: place.layer })
              : url('run'),
          },
          { label: `Sample ${run}`, kind: 'page', url: url('sample') },
        ]
      : []),
  ]
  return all
    .filter((target) => target.url.split('?')[0] !== path)
    .filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)))
}

/** The page of a place with the view as it stands. A checkpoint of the run the reader is at changes nothing but the step. */
export function targetOf(place: Place, here: Here): Target {
  const { view } = here
  const sameRun = place.run === here.run
  if (place.kind === 'layer')
    return {
      label: place.layer,
      kind: `layer · ${place.run}`,
      url: pageUrl('layer', place.run, place.layer, keptParams(view, 'layer', { sameRun })),
      mono: true,
    }
  const stays = place.kind === 'checkpoint' && here.place?.run === place.run
  const page = stays && here.place ? here.place.page : 'run'
  const layer = stays && here.place ? here.place.layer : null
  const selected = !stays && here.place?.layer ? { l: here.place.layer } : {}
  const params = { ...keptParams(view, page, { sameRun }), ...selected }
  if (place.kind === 'run')
    return { label: place.run, kind: place.role, url: pageUrl('run', place.run, null, params) }
  return {
    label: `${place.run} · step ${formatCount(place.step)}`,
    kind: 'checkpoint',
    url: pageUrl(page, place.run, layer, { ...params, c: place.step }),
  }
}

const plurals: Record<PlaceKind, string> = { run: 'runs', checkpoint: 'checkpoints', layer: 'layers' }

/** "8 of 21 runs, 3 of 3 layers". */
export function shownWords(places: readonly Place[], found: Record<PlaceKind, number>): string {
  return (Object.keys(plurals) as PlaceKind[])
    .filter((kind) => found[kind] > 0)
    .map((kind) => `${places.filter((p) => p.kind === kind).length} of ${found[kind]} ${plurals[kind]}`)
    .join(', ')
}
