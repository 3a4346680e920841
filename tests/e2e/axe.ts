import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'

/**
 * Rule and element of every violation on the page: nothing here means axe found nothing. Elements that pass are not listed, and frames,
 * of which the pages have none, not looked into: both together take four fifths of the time.
 */
export async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const axe = new AxeBuilder({ page }).options({ resultTypes: ['violations'] }).setLegacyMode(true)
  const { violations: found } = await (rules ? axe.withRules(rules) : axe).analyze()
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}`))
}
