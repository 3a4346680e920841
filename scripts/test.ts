/**
 * All checks and tests.
 *
 *   npm test [-- --long]
 *
 * Database client, types, lint, build, unit and chart tests (vitest), browser tests (Playwright; installs Chromium if there is none).
 * Browser tests tagged @long, which take a minute or more each, run with --long only.
 * Each of the first four counts as one test. The last line is "N passed, N failed"; the exit code is 1 if any failed.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureChromium } from './chromium'
import { generateClient } from './generate'

type Count = { passed: number; failed: number }

process.chdir(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'))
process.env.NEXT_TELEMETRY_DISABLED = '1'
const reports = mkdtempSync(path.join(tmpdir(), 'signscope-test-'))

const long = process.argv.includes('--long')

const counts: Count[] = [
  check('client', () => {
    generateClient()
    return true
  }),
  check('types', () => node('node_modules/typescript/bin/tsc', ['--noEmit'])),
  check('lint', () => node('node_modules/@biomejs/biome/bin/biome', ['check', '.'])),
  check('build', () => node('node_modules/tsx/dist/cli.mjs', ['scripts/build.ts'])),
  unitTests(),
  ...browserTests(),
]
rmSync(reports, { recursive: true, force: true })

const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
process.exitCode = failed > 0 ? 1 : 0
console.log(`\n${passed} passed, ${failed} failed`)

function unitTests(): Count {
  console.log('\n== unit and chart tests')
  const file = path.join(reports, 'vitest.json')
  const ok = node('node_modules/vitest/vitest.mjs', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ])
  const report = readReport<{ numPassedTests: number; numFailedTests: number }>(file)
  return counted(ok, report && { passed: report.numPassedTests, failed: report.numFailedTests })
}

/** Two at a time, then one by one those that measure the browser. */
function browserTests(): Count[] {
  console.log('\n== browser tests')
  rmSync('data/e2e', { recursive: true, force: true })
  try {
    process.env.CHROMIUM = ensureChromium()
  } catch (error) {
    console.error((error as Error).message)
    return [{ passed: 0, failed: 1 }]
  }
  return [
    playwright('together', ['--grep-invert', long ? '@alone' : '@alone|@long']),
    playwright('alone', ['--grep', '@alone', '--workers', '1']),
  ]
}

function playwright(name: string, options: string[]): Count {
  const file = path.join(reports, `playwright-${name}.json`)
  const ok = node('node_modules/@playwright/test/cli.js', ['test', '--reporter=list,json', ...options], {
    PLAYWRIGHT_JSON_OUTPUT_NAME: file,
  })
  const report = readReport<{ stats: { expected: number; flaky: number; unexpected: number } }>(file)
  const stats = report?.stats
  return counted(ok, stats && { passed: stats.expected + stats.flaky, failed: stats.unexpected })
}

/** A run that went wrong without a failed test (a crash, an error between tests) counts as one. */
function counted(ok: boolean, count: Count | undefined): Count {
  if (!count) return { passed: 0, failed: 1 }
  return ok || count.failed > 0 ? count : { ...count, failed: 1 }
}

function check(name: string, run: () => boolean): Count {
  console.log(`\n== ${name}`)
  let ok = false
  try {
    ok = run()
  } catch (error) {
    console.error((error as Error).message)
  }
  console.log(ok ? `${name}: ok` : `${name}: FAILED`)
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 }
}

function node(script: string, args: string[], env: Record<string, string> = {}): boolean {
  const run = spawnSync(process.execPath, [script, ...args], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  return run.status === 0
}

function readReport<T>(file: string): T | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as T) : undefined
}
