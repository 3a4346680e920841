import { expect, test } from '@playwright/test'
import { build } from 'esbuild'
import { findChromium } from '../../scripts/chromium'
import type { LayerCase } from './gpu.browser'

/** The GPU that Chromium brings along, a program: the same on every machine. */
const softwareGpu = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--enable-unsafe-swiftshader',
]

// the bundle is injected, which the pages' content policy would refuse
test.use({
  bypassCSP: true,
  launchOptions: { executablePath: findChromium(), args: ['--no-sandbox', ...softwareGpu] },
})

let bundle: string

test.beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['tests/e2e/gpu.browser.ts'],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'error',
    external: ['fs', 'path', 'os', 'worker_threads', 'perf_hooks', 'util', 'string_decoder', 'crypto'],
  })
  bundle = outputFiles[0]!.text
})

test.beforeEach(async ({ page }) => {
  await page.goto('/robots.txt')
  await page.addScriptTag({ content: bundle })
  // a page without WebGPU fails here; only a Chromium that has it but came without its software GPU is let off
  const adapter = await page.evaluate(async () => (await navigator.gpu.requestAdapter()) !== null)
  const reason = `not tested: Chromium has no WebGPU adapter, not even with ${softwareGpu.join(' ')}`
  if (!adapter) console.log(reason)
  test.skip(!adapter, reason)
})

const base = { stride: 1, padding: 1, height: 6, width: 5, alpha: 0.5, bases: 1, input: { seed: 3 } } as const
const linear = { ...base, padding: 0, height: 1, width: 1 }
const longest: LayerCase = { ...base, shape: [6, 512, 3, 3], height: 3, width: 3 }

/** Both sides of every edge between two codes, which halves of an even step are exactly, and what is hardly a number. */
function edges(alpha: number): number[] {
  const halves = Array.from({ length: 18 }, (_, i) => Math.fround((i - 8.5) * alpha))
  const near = halves.flatMap((v) => [v * (1 - 2 ** -23), v * (1 - 2 ** -24), v, v * (1 + 2 ** -23)])
  const odd = [0, -0, 1e-45, -1e-45, 1e-39, 3e38, -3e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  return [...near, ...odd]
}

const rounded = (alpha: number): LayerCase => {
  const values = edges(alpha)
  return {
    ...base,
    shape: [1, 1, 1, 1],
    padding: 0,
    height: 1,
    width: values.length,
    alpha,
    input: { values },
  }
}

test('the search for a GPU finds one', async ({ page }) => {
  expect(await page.evaluate(() => window.gpu.found())).toEqual({
    name: 'google swiftshader',
    software: true,
  })
})

test("sums on the GPU are the reference's, integer for integer", async ({ page }) => {
  const cases: Record<string, LayerCase> = {
    '3x3': { ...base, shape: [64, 64, 3, 3] },
    'odd channels': { ...base, shape: [37, 21, 3, 3] },
    'one channel more than a word': { ...base, shape: [5, 33, 3, 3] },
    'two bases, odd channels': { ...base, shape: [7, 45, 3, 3], bases: 2 },
    '1x1': { ...base, shape: [70, 17, 1, 1], padding: 0 },
    'stride 2': { ...base, shape: [33, 19, 3, 3], stride: 2 },
    'stride 2 without zeros before the first row': { ...base, shape: [12, 32, 3, 3], stride: 2, padding: 0 },
    'stride 2, 1x1': { ...base, shape: [12, 32, 1, 1], stride: 2, padding: 0 },
    'one pixel': { ...base, shape: [9, 40, 3, 3], height: 1, width: 1 },
    linear: { ...linear, shape: [256, 512] },
    'linear, one by one': { ...linear, shape: [1, 1] },
    '1x1 along one axis': { ...base, shape: [24, 8, 1], padding: 0 },
    'a negative step': { ...base, shape: [8, 32, 3, 3], alpha: -0.3 },
    zeros: { ...base, shape: [4, 32, 3, 3], input: { all: 0 }, bases: 2 },
  }
  for (const [name, layer] of Object.entries(cases)) {
    const { different, sums, largest } = await page.evaluate((l) => window.gpu.compareSums(l), layer)
    expect(different, name).toBe(0)
    expect(sums, name).toBeGreaterThan(0)
    if (name === 'zeros') expect(largest, name).toBe(0)
    else expect(largest, name).toBeGreaterThan(0)
  }
})

test('sums of 4,608 products of the largest size do not overflow', async ({ page }) => {
  const cases: { all: number; sign: 1 | -1; largest: number }[] = [
    { all: 3.5, sign: 1, largest: 7 * 4608 },
    { all: -4, sign: -1, largest: 8 * 4608 },
    { all: 1e30, sign: -1, largest: 7 * 4608 },
    { all: -1e30, sign: 1, largest: 8 * 4608 },
  ]
  for (const { all, sign, largest } of cases) {
    const layer = { ...longest, input: { all }, sign }
    const result = await page.evaluate((l) => window.gpu.compareSums(l), layer)
    expect(result, `${all}, ${sign}`).toEqual({ different: 0, sums: 54, largest })
  }
})

test("codes on the GPU are the reference's on every edge between two", async ({ page }) => {
  for (const alpha of [0.5, 0.1, 1 / 3, -0.7, 1e-30]) {
    const result = await page.evaluate((l) => window.gpu.compareSums(l), rounded(alpha))
    expect(result, `${alpha}`).toEqual({ different: 0, sums: edges(alpha).length, largest: 8 })
  }
})

test('outputs on the GPU are those of the WebAssembly kernels', async ({ page }) => {
  const cases: LayerCase[] = [
    { ...base, shape: [32, 48, 3, 3], alpha: 0.3 },
    { ...base, shape: [13, 21, 3, 3], alpha: 0.3, bases: 2, stride: 2 },
    { ...linear, shape: [96, 128], alpha: 0.3, bases: 2 },
  ]
  for (const layer of cases) {
    // rounding of two or three float32 operations
    const distance = await page.evaluate((l) => window.gpu.compareKernels(l), layer)
    expect(distance, `${layer.shape}`).toBeLessThan(5e-7)
  }
})

test('runs asked for at once give each their own output', async ({ page }) => {
  const inputs: [number, number][] = [
    [1, 2],
    [3, 4],
    [-5, 1],
    [0, 0],
  ]
  expect(await page.evaluate((x) => window.gpu.runTogether(x), inputs)).toEqual([3, 7, -4, 0])
})

test('what cannot be run is refused, not computed wrongly', async ({ page }) => {
  expect(await page.evaluate(() => window.gpu.refusals())).toEqual({
    'another number of values': 'RangeError',
    'a layer disposed of': 'OperationError',
    'a step of 0': 'RangeError',
    'more than a buffer holds': 'RangeError',
    'a lost device': 'AbortError',
  })
})
