import { expect, test } from 'vitest'
import { AuditCard, AuditChip, LayerAudit } from '../../app/_views/audit-card'
import type { Finding } from '../../lib/record/audit'
import { picture } from './picture'

const finding = (layer: string | null, own: Partial<Finding>): Finding => ({
  layer,
  code: 'second-basis-random-start',
  severity: 'fault',
  title: 'σ2 never trained',
  what: 'Two bases are declared and sigma2 is as small as its random start.',
  evidence: [{ name: 'largest sigma2', value: 0.98, unit: '' }],
  remedy: 'Initialise sigma2 and train on, or declare one basis.',
  ...own,
})
const faults = [finding('down.0.conv1', {}), finding('up.0.conv2', {})]
const note = finding(null, { code: 'bits-unstated', severity: 'note', title: 'bits not in the file' })
const href = (layer: string) => `/r/run/${layer}`

test('the chip counts what is wrong and is coloured by the worst', () => {
  expect(picture(<AuditChip findings={[...faults, note]} />)).toBe(
    '<a class="chip fail" href="#audit">audit: 1 fault</a>',
  )
  expect(picture(<AuditChip findings={[note]} />)).toBe('<a class="chip " href="#audit">audit: no faults</a>')
})

test('the card names the layers of a finding with their evidence, the word of its severity and what to do', () => {
  const html = picture(<AuditCard findings={[...faults, note]} layerHref={href} />)
  for (const part of [
    'fault',
    'σ2 never trained',
    ', 2 layers',
    'href="/r/run/up.0.conv2"',
    'largest sigma2 0.98',
    'Initialise sigma2 and train on',
  ])
    expect(html.replaceAll('\n', '')).toContain(part)
  expect(html).toMatch(/<details[^>]*>\s*<summary>1 note/)
})

test('without findings the card says so, and a layer has none', () => {
  expect(picture(<AuditCard findings={[]} layerHref={href} />)).toContain('Nothing found.')
  expect(picture(<LayerAudit findings={[]} />)).toBe('')
})
