import { expect, test } from 'vitest'
import { usableEntries } from '../../app/_ui/key-list'

const listed = (page: string[], charts: string[]) => usableEntries(new Set(page), charts).map((e) => e.what)

test('the map lists only keys that do something on the page', () => {
  expect(listed(['?'], [])).toEqual(['This map'])
  expect(listed(['[', ']', 's'], [])).toEqual(['Checkpoint before, after', 'Share this view'])
})

test('keys of charts are listed where a chart takes them', () => {
  expect(listed([], [''])).toEqual(['Table behind the focused chart'])
  expect(listed([], ['', 'arrows'])).toEqual([
    'Move the selection of the focused chart',
    'Table behind the focused chart',
  ])
  expect(listed([], ['arrows enter'])).toContain('Open the layer selected in the focused chart')
})
