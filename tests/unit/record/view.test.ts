import { describe, expect, it } from 'vitest'
import { loadViewParams } from '../../../lib/record/load-view'
import { keptParams, pageParams, pages, pageUrl, placeOf, viewParams } from '../../../lib/record/view'

const viewOf = (query: string) => loadViewParams(new URLSearchParams(query))
const queryOf = (url: string) => Object.fromEntries(new URL(url, 'http://localhost').searchParams)

describe('keptParams', () => {
  const chosen = { c: '200', t: '500', m: 'cosine', e: 'local', sort: 'worst', seed: '9', steps: '20' }
  const onRun = viewOf(`${new URLSearchParams({ ...chosen, l: 'conv_in' })}`)

  it('a layer and back: everything chosen is in both links', () => {
    const there = pageUrl('layer', 'lmb', 'conv_in', keptParams(onRun, 'layer'))
    expect(queryOf(there)).toEqual(chosen)
    const back = { ...keptParams(viewOf(new URL(there, 'http://localhost').search), 'run'), l: 'conv_in' }
    expect(queryOf(pageUrl('run', 'lmb', null, back))).toEqual({ ...chosen, l: 'conv_in' })
  })

  it('another run and a comparison do not take a step of this one, and nothing else is lost', () => {
    const { c: _, ...rest } = chosen
    expect(queryOf(pageUrl('run', 'v1', null, keptParams(onRun, 'run', { sameRun: false })))).toEqual({
      ...rest,
      l: 'conv_in',
    })
    expect(queryOf(pageUrl('compare', null, null, keptParams(onRun, 'compare')))).toEqual({
      ...rest,
      l: 'conv_in',
    })
  })

  it('a filter, picked runs, a channel and switched layers stay with their page', () => {
    const view = viewOf('q=lmb&r=a,b&ch=3&sw=conv_in:2')
    for (const page of pages) expect(queryOf(pageUrl(page, 'lmb', 'x', keptParams(view, page)))).toEqual({})
  })
})

it('`latest` is the checkpoint of a link without one', () => {
  expect(viewOf('c=latest').c).toBeNull()
  expect(viewOf('c=200').c).toBe(200)
})

it('a film plays at one of the speeds there are', () => {
  expect(viewOf('speed=0.5').speed).toBe(0.5)
  expect(viewOf('speed=3').speed).toBe(1)
  expect(pageUrl('sample', 'a', null, { speed: 4, view: 'single' })).toBe('/r/a/sample?view=single&speed=4')
})

it('a pixel is written as it is read', () => {
  expect(viewOf('p=12,9').p).toEqual([12, 9])
  expect(pageUrl('compare', null, null, { p: [12, 9] })).toBe('/compare?p=12,9')
  for (const text of ['12', '12,', '-1,2', '1,2,3']) expect(viewOf(`p=${text}`).p).toBeNull()
})

describe('a range of steps', () => {
  it('is written as it is read', () => {
    expect(viewOf('x=200-1000').x).toEqual([200, 1000])
    expect(queryOf(pageUrl('compare', null, null, { x: [200, 1000] }))).toEqual({ x: '200-1000' })
  })

  it('is none if it is not two steps in order', () => {
    for (const text of ['', '5', '5-', '7-7', '9-2', 'a-b', '1-2-3', '-1-5'])
      expect(viewOf(`x=${text}`).x).toBeNull()
  })
})

describe('a link', () => {
  it('has at most 300 characters with everything chosen on every page of a run and carried along', () => {
    const view = viewOf(
      'c=800000&t=999&l=output_blocks.10.1.transformer_blocks.0.attn1.to_out.0&m=lowrank&e=accumulated&u=parameters' +
        '&k=100&sort=worst&seed=4294967295&x=100000-800000&steps=1000&n=64&sampler=ddpm&i=63&show=xt&way=engine&threads=16',
    )
    for (const page of ['run', 'layer', 'compare', 'sample'] as const) {
      const params = {
        ...keptParams(view, page),
        ...(page === 'layer' && { ch: 1279 }),
        ...(page === 'compare' && {
          r: ['mnist-lmb-lrm-seed2@800000', 'mnist-lmb-lrm-seed3@800000'],
          y: 'log:loss',
          w: 37,
          p: [255, 255] as const,
        }),
        ...(page === 'sample' && { sw: '12:f,13:2', view: 'single' as const, speed: 0.25 as const }),
      }
      const url = `http://localhost:3000${pageUrl(page, 'mnist-lmb-lrm-normalised', view.l, params)}`
      expect(url.length, url).toBeLessThanOrEqual(300)
    }
  })
})

describe('pageParams', () => {
  it('every parameter is read by a page', () => {
    expect([...new Set(Object.values(pageParams).flat())].sort()).toEqual(Object.keys(viewParams).sort())
  })
})

describe('placeOf', () => {
  it('is the inverse of pageUrl', () => {
    for (const page of pages) {
      const run = ['runs', 'compare', 'results'].includes(page) ? null : 'a b/c'
      const layer = page === 'layer' ? 'down.0/ü' : null
      expect(placeOf(pageUrl(page, run, layer))).toEqual({ page, run, layer })
    }
  })

  it('knows no place for other paths', () => {
    for (const path of ['/shares', '/s/abc', '/r/', '/r/a/b/c']) expect(placeOf(path)).toBeNull()
  })
})
