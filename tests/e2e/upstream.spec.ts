import path from 'node:path'
import { expect, test } from '@playwright/test'
import { build } from 'esbuild'
import type { FixtureCase } from './upstream.browser'

/** Plain tfjs ports measure 1.2e-6; the bound also catches a wrong GroupNorm epsilon (1e-5). */
const tolerance = 4e-6
/** Clipping after the division by a small sqrt(alpha_bar) magnifies rounding. */
const clippedTolerance = 3e-4

const ten = { steps: 10, eta: 0 }
const fixtures: FixtureCase[] = [
  {
    folder: 'ddim_s1',
    weights: 'model.safetensors',
    sampling: [{ key: 'ddim', schedule: 'ddim', options: { ...ten, clip: false } }],
  },
  {
    folder: 'ddim_s2_pt',
    weights: 'model.pt',
    sampling: [{ key: 'ddim', schedule: 'ddim', options: { ...ten, clip: false, rule: 'quad' } }],
  },
  {
    folder: 'ldm8_s1_ckpt',
    weights: 'model.ckpt',
    sampling: [{ key: 'ddim', schedule: 'ldm', options: { ...ten, clip: false } }],
  },
  ...[
    { folder: 'diffusers_new_s1', weights: 'diffusion_pytorch_model.safetensors' },
    { folder: 'diffusers_old_s1', weights: 'diffusion_pytorch_model.bin' },
  ].map((files) => ({
    ...files,
    sampling: [
      { key: 'ddim_noclip', schedule: 'diffusers' as const, options: { ...ten, clip: false } },
      { key: 'ddim_clip', schedule: 'diffusers' as const, options: { ...ten, clip: true } },
    ],
  })),
]

// the bundle is injected, which the pages' content policy would refuse
test.use({ bypassCSP: true })

for (const fixture of fixtures) {
  test(`${fixture.folder} gives upstream's outputs in the browser`, async ({ page }) => {
    await page.route('**/fixtures/**', (route) => {
      const name = new URL(route.request().url()).pathname
      return route.fulfill({ path: path.join('tests', name) })
    })
    await page.goto('/robots.txt')
    const { outputFiles } = await build({
      entryPoints: ['tests/e2e/upstream.browser.ts'],
      bundle: true,
      format: 'iife',
      write: false,
      logLevel: 'error',
      external: ['fs', 'path', 'os', 'worker_threads', 'perf_hooks', 'util', 'string_decoder', 'crypto'],
    })
    await page.addScriptTag({ content: outputFiles[0]!.text })
    const { distances, backend, leaked } = await page.evaluate((f) => window.runFixture(f), fixture)
    expect(Object.keys(distances).length).toBeGreaterThan(8)
    for (const [name, distance] of Object.entries(distances)) {
      const bound = name.startsWith('ddim_clip') ? clippedTolerance : tolerance
      expect(distance, name).toBeLessThan(bound)
    }
    expect(backend).toBe('wasm')
    expect(leaked).toBe(0)
  })
}
