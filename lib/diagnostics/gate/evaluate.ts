/** Judges a diagnosis by rules: a gate that opens only if each of them holds. */
import { severities } from '../../record/audit'
import type { LayerRecord } from '../../record/run'
import { InputError } from '../../tensor/error'
import {
  groupMetrics,
  isGroupMetric,
  isNetworkMetric,
  type LayerMetric,
  layerMetrics,
  networkMetrics,
  type Subject,
} from './metrics'
import { matchesPattern } from './pattern'
import { boundInWords, type FindingRule, type MetricRule, type Rule, ruleInWords } from './rules'

/** One value under one rule. layer: null for values of several layers or of the network. */
export type Check = {
  layer: string | null
  value: number | null
  passed: boolean
  /** What is wrong; '' if it passed. */
  problem: string
}

export type Verdict = { rule: string; severity: Rule['severity']; checks: Check[]; passed: boolean }

/** Whether the gate is open: every rule holds, but for warnings. */
export function isOpen(verdicts: readonly Verdict[]): boolean {
  return verdicts.every(({ passed, severity }) => passed || severity === 'warning')
}

/**
 * A verdict per rule, in their order. A value that cannot be had fails, and so does a rule that no layer it names can be
 * judged by. Throws an InputError for a pattern that names no layer of the network; `file` is where the rules are from.
 */
export function evaluateRules(rules: readonly Rule[], subject: Subject, file: string): Verdict[] {
  return rules.map((rule, i) => {
    const item = `rules.${i}`
    const records = chosenLayers(rule, subject.diagnosis.layers, file, item)
    const checks =
      'finding' in rule ? [findingCheck(rule, records, subject)] : metricChecks(rule, records, subject)
    const { severity } = rule
    return { rule: ruleInWords(rule), severity, checks, passed: checks.every(({ passed }) => passed) }
  })
}

function chosenLayers(
  { layers, except, ...rule }: Rule,
  records: readonly LayerRecord[],
  file: string,
  item: string,
): LayerRecord[] {
  const named = (patterns: readonly string[], id: string) => patterns.some((p) => matchesPattern(p, id))
  const patterns = [layers ?? []].flat()
  const exceptions = [except ?? []].flat()
  // an exception that excepts nothing lets nothing through; a rule for no layer would
  const idle = patterns.find((pattern) => !records.some(({ layer }) => matchesPattern(pattern, layer.id)))
  if (idle !== undefined) {
    throw new InputError({
      file,
      item,
      problem: `no layer is called ${idle}`,
      remedy: `Ids are like ${records[0]?.layer.id}; inspect --layers lists them.`,
    })
  }
  return records.filter(({ layer: { id }, precision }) => {
    if (layers !== undefined && !named(patterns, id)) return false
    if (named(exceptions, id)) return false
    if (!('only' in rule) || rule.only === undefined) return true
    return rule.only === 'binarized' ? precision.bases > 0 : precision.bases === 0
  })
}

function metricChecks(rule: MetricRule, records: readonly LayerRecord[], { diagnosis }: Subject): Check[] {
  const { metric } = rule
  if (isNetworkMetric(metric)) return [bounded(rule, null, networkMetrics[metric](diagnosis))]
  if (isGroupMetric(metric)) return [bounded(rule, null, groupMetrics[metric](records))]
  const checks = records.flatMap((record) => {
    const value = layerValue(metric, record)
    return value === undefined ? [] : bounded(rule, record.layer.id, value)
  })
  if (checks.length > 0) return checks
  return [{ layer: null, value: null, passed: false, problem: 'none of the layers has this measure' }]
}

function layerValue(metric: LayerMetric, record: LayerRecord): number | null | undefined {
  return layerMetrics[metric](record)
}

function bounded(rule: MetricRule, layer: string | null, value: number | null): Check {
  const { min = -Infinity, max = Infinity } = rule
  if (value === null || Number.isNaN(value))
    return { layer, value: null, passed: false, problem: 'it could not be measured' }
  const passed = value >= min && value <= max
  return { layer, value, passed, problem: passed ? '' : `it should be ${boundInWords(rule)}` }
}

function findingCheck(rule: FindingRule, records: readonly LayerRecord[], { findings }: Subject): Check {
  const ids = new Set(records.map(({ layer }) => layer.id))
  const everywhere = rule.layers === undefined
  const found = findings.filter(
    ({ code, severity, layer }) =>
      matchesPattern(rule.finding, code) &&
      severities.indexOf(severity) <= severities.indexOf(rule.atLeast) &&
      (layer === null ? everywhere : ids.has(layer)),
  )
  const passed = found.length <= rule.max
  const codes = [...new Set(found.map(({ code, layer }) => (layer === null ? code : `${code} in ${layer}`)))]
  const more = codes.length > 3 ? `, and ${codes.length - 3} more` : ''
  const problem = passed ? '' : `it should be at most ${rule.max}: ${codes.slice(0, 3).join(', ')}${more}`
  return { layer: null, value: found.length, passed, problem }
}
