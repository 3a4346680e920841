/** Verdicts of a gate as a JUnit report, which CI systems show: a suite per rule, a test case per value. */
import type { Check, Verdict } from '../diagnostics/gate/evaluate'

export function junitReport(verdicts: readonly Verdict[]): string {
  const suites = verdicts.map((verdict) => {
    const failures = verdict.severity === 'warning' ? 0 : failed(verdict.checks)
    const attributes = `name="${escaped(verdict.rule)}" tests="${verdict.checks.length}" failures="${failures}" errors="0"`
    const cases = verdict.checks.map((check) => testCase(verdict, check))
    return [`  <testsuite ${attributes}>`, ...cases, '  </testsuite>'].join('\n')
  })
  const tests = verdicts.reduce((n, { checks }) => n + checks.length, 0)
  const failures = verdicts
    .filter(({ severity }) => severity === 'error')
    .reduce((n, { checks }) => n + failed(checks), 0)
  const root = `<testsuites name="check" tests="${tests}" failures="${failures}" errors="0">`
  return ['<?xml version="1.0" encoding="UTF-8"?>', root, ...suites, '</testsuites>', ''].join('\n')
}

function failed(checks: readonly Check[]): number {
  return checks.filter(({ passed }) => !passed).length
}

function testCase({ rule, severity }: Verdict, { layer, value, passed, problem }: Check): string {
  const open = `    <testcase classname="${escaped(rule)}" name="${escaped(layer ?? 'network')}"`
  const words = escaped(`${value ?? 'no value'}: ${problem}`)
  if (passed) return `${open}/>`
  // JUnit knows no warnings: they pass, and say so
  const body =
    severity === 'warning' ? `<system-out>warning: ${words}</system-out>` : `<failure message="${words}"/>`
  return `${open}>${body}</testcase>`
}

/** For XML text and attributes; control characters, which XML has no way to write, become U+FFFD. */
function escaped(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, '\uFFFD')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
}
