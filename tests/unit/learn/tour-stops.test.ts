import { expect, test } from 'vitest'
import { isAt, stops, stopUrl, tourRuns } from '../../../app/_learn/tour-stops'
import { loadViewParams } from '../../../lib/record/load-view'
import { placeOf } from '../../../lib/record/view'

const view = (query: string) => loadViewParams(new URLSearchParams(query))

test('a stop keeps the view and sets what it shows', () => {
  const worst = stops.find(({ params }) => params.sort === 'worst')!
  expect(stopUrl(worst, view('t=500&c=200'), true)).toBe('/r/mnist-baseline?c=200&t=500&e=local&sort=worst')
  // the step of another run is not the same
  expect(stopUrl(worst, view('t=500&c=200'), false)).toBe('/r/mnist-baseline?t=500&e=local&sort=worst')
})

test('every stop knows its own address, and layers are found by what was marked before', () => {
  for (const [i, stop] of stops.entries()) {
    const url = stopUrl(stop, view(''), false)
    if (url) expect(isAt(stop, placeOf(url.split('?')[0]!)), stop.title).toBe(true)
    else expect(stops[i - 1]!.mark.selector).toBe('.sheet tr[data-layer]')
    expect(stop.run === null || tourRuns.some((run) => run === stop.run)).toBe(true)
  }
  expect(isAt(stops[0]!, null)).toBe(false)
})
