import { lab } from 'd3'
import { expect, test } from 'vitest'
import { amountScale, differenceScale, metricScales, runColour, type Theme } from '../../app/_charts/colour'

const themes: Theme[] = ['light', 'dark']
const lightness = (colour: string) => lab(colour).l

test('error gets stronger with every dB lost: darker on light, lighter on dark', () => {
  for (const theme of themes) {
    const l = [30, 25, 20, 15, 10, 5, 0].map((db) => lightness(metricScales.sqnr.at(db, theme)))
    const sorted = l.toSorted((a, b) => (theme === 'light' ? b - a : a - b))
    expect(l).toEqual(sorted)
  }
})

test('values beyond the domain take the colour of its end', () => {
  expect(metricScales.sqnr.at(99, 'light')).toBe(metricScales.sqnr.at(30, 'light'))
  expect(metricScales.sqnr.at(-5, 'dark')).toBe(metricScales.sqnr.at(0, 'dark'))
})

test('a scale ends in its first and last stop exactly', () => {
  expect(metricScales.sqnr.at(30, 'light')).toBe('rgb(246, 244, 235)')
  expect(metricScales.sqnr.at(0, 'dark')).toBe('rgb(254, 245, 191)')
})

test('css carries both themes', () => {
  const { css, at } = metricScales.cosine
  expect(css(0.5)).toBe(`light-dark(${at(0.5, 'light')}, ${at(0.5, 'dark')})`)
})

test('a difference of 0 is the ground, better is blue, worse is orange', () => {
  const scale = differenceScale(12, { label: 'dB', direction: 'better' })
  const better = lab(scale.at(12, 'light'))
  const worse = lab(scale.at(-12, 'light'))
  expect(scale.at(0, 'light')).toBe('rgb(241, 240, 237)')
  expect(better.b).toBeLessThan(0)
  expect(worse.b).toBeGreaterThan(0)
  const pictures = differenceScale(1, { label: 'pixel', direction: 'brighter' }, false)
  expect(lab(pictures.at(1, 'light')).b).toBeGreaterThan(0)
})

test('an amount starts at nothing', () => {
  expect(amountScale(4, { label: 'share', direction: 'more' }).domain).toEqual([0, 4])
})

test('the teacher is ink and every slot has its own colour', () => {
  expect(runColour(null)).toBe('var(--teacher)')
  expect(new Set([0, 1, 2, 3, 4, 5, 6].map(runColour)).size).toBe(7)
})
