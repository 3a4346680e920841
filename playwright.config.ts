import path from 'node:path'
import { defineConfig } from '@playwright/test'
import { findChromium } from './scripts/chromium'

const port = process.env.E2E_PORT ?? '3917'

/** The runs the tests look at, loaded before they begin. */
const demoRuns = 'mnist-teacher,mnist-baseline,mnist-lmb'

/**
 * One server with its own data, two browsers at a time: a test holds to runs that no other test writes. Tests tagged @alone,
 * which want both cores for themselves, are run after the others by `npm test`. A trace is made with `--trace on`: it slows every
 * page by a third. A test that fails and then passes is named as flaky at the end.
 */
export default defineConfig({
  testDir: 'tests/e2e',
  outputDir: 'test-results',
  fullyParallel: true,
  workers: 2,
  timeout: 240_000,
  expect: { timeout: 30_000 },
  retries: 1,
  use: {
    baseURL: `http://localhost:${port}`,
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: findChromium(), args: ['--no-sandbox'] },
  },
  webServer: {
    command: `"${process.execPath}" node_modules/tsx/dist/cli.mjs scripts/start.ts`,
    url: `http://localhost:${port}/api/v1/health`,
    env: {
      PORT: port,
      HOST: '127.0.0.1',
      SIGNSCOPE_DATA: path.resolve('data/e2e'),
      SIGNSCOPE_DEMO: demoRuns,
    },
    timeout: 300_000,
    reuseExistingServer: false,
    gracefulShutdown: { signal: 'SIGTERM', timeout: 5000 },
    stdout: 'pipe',
  },
})
