import { copyFileSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LayerDynamics } from '../../../lib/diagnostics/dynamics'
import { useTemporaryStore } from '../store/temporary-store'
import { run, temporaryFolder } from './command-line'

useTemporaryStore()
const demo = join(import.meta.dirname, '../../../public/demo')
const trained = join(demo, 'mnist-v1')
const folder = temporaryFolder()

type Result = { checkpoints: { file: string; step: number }[]; layers: LayerDynamics[] }

async function measured(...args: string[]): Promise<Result> {
  const { code, stdout } = await run('dynamics', ...args, '--json')
  expect(code).toBe(0)
  return JSON.parse(stdout)
}

describe('dynamics', () => {
  it('takes a folder in the order of its steps, and files in the order they are given', async () => {
    const ofFolder = await measured(trained)
    expect(ofFolder.checkpoints.map(({ step }) => step)).toEqual([0, 50, 200, 1000])
    const files = readdirSync(trained).filter((name) => name.endsWith('.safetensors'))
    expect(await measured(...files.sort().map((name) => join(trained, name)))).toEqual(ofFolder)
    expect(ofFolder.layers).toHaveLength(35)
    for (const { moments, moved, repeated } of ofFolder.layers) {
      // weights flip more than once only where they flip at all, and those that moved did so in one of the intervals
      const flips = moments.slice(1).map((moment) => moment.flips!.first)
      expect(repeated!).toBeLessThanOrEqual(moved!)
      expect(moved!).toBeGreaterThanOrEqual(Math.max(...flips) - 1e-12)
      expect(moved!).toBeLessThanOrEqual(flips.reduce((sum, share) => sum + share, 0) + 1e-12)
      // of the demo's binary checkpoints the last alone is not packed
      expect(moments.slice(1).map(({ latent }) => latent !== null)).toEqual([false, false, true])
    }
  })
  it('tells when each layer turned binary', async () => {
    const { layers } = await measured(trained)
    const bases = new Map(layers.map(({ layer, moments }) => [layer, moments.map((m) => m.bases)]))
    expect(bases.get('mid_block.resnets.0.conv1')).toEqual([1, 1, 1, 1])
    expect(bases.get('down_blocks.0.resnets.0.conv1')).toEqual([0, 2, 2, 2])
  })
  it('takes a stored run', async () => {
    const steps = join(folder, 'mnist-v1')
    mkdirSync(steps)
    for (const step of ['000050', '000200'])
      copyFileSync(join(trained, `step-${step}.safetensors`), join(steps, `step-${step}.safetensors`))
    const quick = ['--timesteps', '1', '--images', '1', '--samples', '1']
    expect((await run('import', steps, ...quick)).code).toBe(0)
    const { layers, checkpoints } = await measured('--run', 'mnist-v1')
    expect(checkpoints.map(({ step }) => step)).toEqual([50, 200])
    expect(layers).toEqual((await measured(steps)).layers)
  })
  it('prints a table, most flips first', async () => {
    const { code, stdout } = await run('dynamics', trained)
    expect(code).toBe(0)
    const [says, head, first] = stdout.split('\n')
    expect(says).toContain('35 binarized layers at steps 0, 50, 200, 1000')
    expect(head).toMatch(
      /^layer +to 50 +to 200 +to 1000 +moved +repeated +outside +near zero +drift s1 +drift s2$/,
    )
    expect(first).toMatch(/^mid_block\.resnets\.0\.conv2 +4\.68 +7\.43 +9\.42 /)
  })
  it('refuses a lone checkpoint, a teacher’s, what is not one training, and a run that is not there', async () => {
    const told = async (...args: string[]) => {
      const { code, stderr } = await run('dynamics', ...args)
      expect(code).toBe(2)
      return stderr
    }
    const file = (name: string, step: string) => join(demo, name, `step-${step}.safetensors`)
    expect(await told(file('mnist-v1', '000050'))).toContain(
      'one checkpoint with weights, two or more are needed',
    )
    const teacher = join(demo, 'mnist-teacher')
    expect(await told(teacher)).toContain('no layer of these checkpoints is binarized')
    expect(await told('--run', 'nowhere')).toContain('there is no such run')
    expect(await told(trained, '--run', 'mnist-v1')).toContain('files and --run are given')
  })
})
