import { writeFileSync } from 'node:fs'
import { evaluateRules, isOpen, type Verdict } from '../diagnostics/gate/evaluate'
import { metricNames } from '../diagnostics/gate/metrics'
import { parseRules } from '../diagnostics/gate/rules'
import { type Command, needed, onlyPositional, printResult, text } from './command'
import { measure, measureHelp, measureOptions } from './diagnose'
import { outputFile } from './forward'
import { junitReport } from './junit'
import { readConfigFile } from './open'

export const check: Command = {
  summary: 'a gate for CI: does a student keep the rules of a file',
  help: `usage: check FILE --fp FILE --rules FILE [--junit FILE] [--json]

Diagnoses and audits the student FILE against its teacher and judges it by rules. Exit code 0 if all hold, 1 if one does not
(warnings aside). docs/rules/w1a4.yaml is an example. A rules file (yaml or json) is a list, rules:, of
  metric: NAME     with min, max or both (inclusive):${wrapped(metricNames)}
  finding: CODE    of the audit (patterns allowed), at most max (0) of severity atLeast (fault, warning, note)
and of either
  layers, except   pattern or list of patterns of layer ids: * any characters, ? one
  only             binarized or kept: those layers alone (metric)
  severity         error, or warning: told, and the gate stays open
  name             what to call it
What could not be measured does not hold.

  --fp FILE            full-precision teacher
  --rules FILE         the rules
  --junit FILE         also write a JUnit report
${measureHelp}
  --json               every value under every rule, as one JSON document on stdout`,
  options: { ...measureOptions, rules: { type: 'string' }, junit: { type: 'string' } },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const [fp, rulesFile] = [needed(flags, 'fp'), needed(flags, 'rules')]
    const junit = text(flags, 'junit')
    const report = junit === undefined ? null : outputFile(junit)
    const rules = parseRules(readConfigFile(rulesFile).json, rulesFile)
    const diagnosis = await measure(fp, path, flags)
    const { findings } = diagnosis.audit
    const verdicts = evaluateRules(rules, { diagnosis, findings }, rulesFile)
    if (report !== null) writeFileSync(report, junitReport(verdicts))
    const open = isOpen(verdicts)
    printResult(
      flags,
      { file: path, teacher: fp, rules: rulesFile, passed: open, verdicts },
      describe(path, verdicts),
    )
    return open ? 0 : 1
  },
}

/** Names in lines of the help's width. */
function wrapped(names: readonly string[]): string {
  const lines: string[] = []
  for (const name of names) {
    const line = lines.pop()
    if (line === undefined) lines.push(name)
    else if (line.length + name.length < 90) lines.push(`${line}, ${name}`)
    else lines.push(`${line},`, name)
  }
  return lines.map((line) => `\n                     ${line}`).join('')
}

/** What does not hold, value by value, and how many rules do. */
function describe(path: string, verdicts: readonly Verdict[]): string {
  const broken = verdicts.filter(({ passed }) => !passed)
  const failures = broken.flatMap(({ rule, severity, checks }) =>
    checks
      .filter(({ passed }) => !passed)
      .map(({ layer, value, problem }) => ({
        severity,
        where: layer ?? 'network',
        value: value === null ? '-' : String(Number(value.toPrecision(4))),
        words: `${problem}  [${rule}]`,
      })),
  )
  const width = Math.max(0, ...failures.map(({ where }) => where.length))
  const warnings = broken.filter(({ severity }) => severity === 'warning').length
  const counts = [
    `${verdicts.length - broken.length} of ${verdicts.length} rules hold`,
    ...(warnings > 0 ? [`${warnings} of the others only warn`] : []),
  ]
  return [
    `${path}: ${isOpen(verdicts) ? 'passed' : 'NOT passed'}, ${counts.join(', ')}`,
    ...failures.map(
      ({ severity, where, value, words }) =>
        `  ${severity.padEnd(7)}  ${where.padEnd(width)}  ${value.padStart(8)}  ${words}`,
    ),
  ].join('\n')
}
