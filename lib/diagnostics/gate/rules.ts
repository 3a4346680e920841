/** Rules of a gate as a file states them. */
import * as z from 'zod/mini'
import { severities as findingSeverities } from '../../record/audit'
import { InputError } from '../../tensor/error'
import { isNetworkMetric, type Metric, metricNames } from './metrics'

const bounds = {
  /** Bounds of the value, inclusive. */
  min: z.optional(z.number()),
  max: z.optional(z.number()),
}

const common = {
  /** For reports; the rule in words if there is none. */
  name: z.optional(z.string().check(z.minLength(1), z.maxLength(200))),
  /** 'warning' is told and lets the gate stay open. */
  severity: z._default(z.enum(['error', 'warning']), 'error'),
  /** Patterns of layer ids (`*`, `?`), all layers if there are none; and of those to leave out. */
  layers: z.optional(z.union([z.string(), z.array(z.string()).check(z.minLength(1))])),
  except: z.optional(z.union([z.string(), z.array(z.string())])),
}

const MetricRule = z.strictObject({
  ...common,
  ...bounds,
  metric: z.enum(metricNames as [Metric, ...Metric[]]),
  /** Only layers that are binarized, or only those that are not. */
  only: z.optional(z.enum(['binarized', 'kept'])),
})

/** Findings of the audit: at most `max` of them, none if nothing is said. */
const FindingRule = z.strictObject({
  ...common,
  /** Pattern of the findings' codes. */
  finding: z.string().check(z.minLength(1)),
  /** Findings of this severity and worse; 'warning' if nothing is said. */
  atLeast: z._default(z.enum(findingSeverities), 'warning'),
  max: z._default(z.int().check(z.nonnegative()), 0),
})

const RuleFile = z.strictObject({
  rules: z.array(z.unknown()).check(z.minLength(1), z.maxLength(1000)),
})

export type MetricRule = z.infer<typeof MetricRule>
export type FindingRule = z.infer<typeof FindingRule>
export type Rule = MetricRule | FindingRule

/** Reads the parsed content of a rules file. Throws an InputError naming the rule and what is wrong with it. */
export function parseRules(json: unknown, file: string): Rule[] {
  const result = z.safeParse(RuleFile, json)
  if (result.success) return result.data.rules.map((entry, i) => parseRule(entry, file, `rules.${i}`))
  const issue = result.error.issues[0]!
  throw new InputError({
    file,
    item: issue.path.join('.'),
    problem: `this is no rules file (${issue.message})`,
    remedy: 'A rules file is `rules:` and a list of 1 to 1000 rules below it.',
  })
}

function parseRule(entry: unknown, file: string, item: string): Rule {
  const wrong = (place: string, problem: string, remedy: string) =>
    new InputError({ file, item: place, problem, remedy })
  const isFinding = typeof entry === 'object' && entry !== null && 'finding' in entry
  const result = isFinding ? z.safeParse(FindingRule, entry) : z.safeParse(MetricRule, entry)
  if (!result.success) {
    const issue = result.error.issues[0]!
    const remedy =
      issue.path[0] === 'metric'
        ? `Metrics are ${metricNames.join(', ')}.`
        : 'A rule has a metric with min or max, or a finding; see check --help.'
    throw wrong([item, ...issue.path].join('.'), `the rule is incomplete or wrong (${issue.message})`, remedy)
  }
  const rule: Rule = result.data
  if ('finding' in rule) return rule
  const { min, max, metric } = rule
  const place = `${item} (${metric})`
  if (min === undefined && max === undefined) throw wrong(place, 'it has no bound', 'Give min, max or both.')
  if (min !== undefined && max !== undefined && min > max)
    throw wrong(place, `min ${min} is above max ${max}, so nothing can pass`, 'Exchange them.')
  const chosen = rule.layers !== undefined || rule.except !== undefined || rule.only !== undefined
  if (isNetworkMetric(metric) && chosen)
    throw wrong(place, 'this metric is of the whole network', 'Leave out layers, except and only.')
  return rule
}

/** "weight-sqnr of down.*, at least 3 and at most 9". */
export function ruleInWords(rule: Rule): string {
  if (rule.name !== undefined) return rule.name
  const where = rule.layers === undefined ? '' : ` of ${[rule.layers].flat().join(', ')}`
  if ('finding' in rule) return `findings ${rule.finding}${where}, at most ${rule.max}`
  const only = rule.only === undefined ? '' : `, ${rule.only} layers`
  return `${rule.metric}${where}${only}, ${boundInWords(rule)}`
}

export function boundInWords({ min, max }: Pick<MetricRule, 'min' | 'max'>): string {
  const parts = [min !== undefined && `at least ${min}`, max !== undefined && `at most ${max}`]
  return parts.filter(Boolean).join(' and ')
}
