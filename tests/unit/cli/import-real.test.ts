import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findCheckpoint } from '../../../lib/store/checkpoints'
import { getRun } from '../../../lib/store/runs'
import { ldmConfig } from '../../fixtures/real-configs'
import { useTemporaryStore } from '../store/temporary-store'
import { run, temporaryFolder } from './command-line'

useTemporaryStore()
const folder = temporaryFolder()
const real = 'tests/fixtures/real'
/** Small measurements: what is measured is not at test here. */
const quick = ['--timesteps', '1', '--images', '1', '--samples', '0', '--json']

type Row = { file: string; run: string; step: number; stored: boolean; problem: string | null }

async function imported(...args: string[]): Promise<Row[]> {
  const { stdout } = await run('import', ...args, ...quick)
  return JSON.parse(stdout)
}

/** What a run holds: role, the run of its teacher, and of every step the network and its reading. */
async function holds(name: string, steps: number[]) {
  const found = await getRun(name)
  const checkpoints = await Promise.all(steps.map((step) => findCheckpoint(name, step)))
  return {
    role: found?.role,
    teacher: found?.teacherRunId ?? null,
    steps: found?.checkpoints.map(({ step }) => step),
    networks: checkpoints.map((stored) => stored?.diagnosis.network),
    measured: checkpoints.map((stored) => stored?.diagnosis.output !== null),
  }
}

describe('import of real trainings', () => {
  it('makes a run of each folder, students against the teacher of their own file, else of the folder above', async () => {
    cpSync(`${real}/binarydm_fashion`, join(folder, 'fashion'), {
      recursive: true,
      filter: (path) => !/\.(safetensors|json)$/.test(path),
    })
    for (const part of ['.', 'a4_fixed', 'as_released'])
      writeFileSync(join(folder, 'fashion', part, 'config.json'), JSON.stringify(ldmConfig))
    const rows = await imported(join(folder, 'fashion'))
    expect(rows.map(({ problem }) => problem).filter(Boolean)).toEqual([])
    const raw = 'state_dict/model.diffusion_model.'
    const ema = 'state_dict/model_ema.'
    const [above, own] = await Promise.all([getRun('fashion'), getRun('a4_fixed-teacher')])
    expect(await holds('fashion', [4100])).toMatchObject({ role: 'teacher', steps: [4100], networks: [ema] })
    expect(await holds('a4_fixed-teacher', [600])).toMatchObject({
      role: 'teacher',
      networks: ['state_dict/model2.model.diffusion_model.'],
    })
    expect(await holds('a4_fixed', [100, 400, 600])).toEqual({
      role: 'student',
      teacher: own!.id,
      steps: [100, 400, 600],
      networks: [raw, raw, ema],
      measured: [true, true, true],
    })
    // here the average of the steps is no use
    expect(await holds('as_released', [100, 400, 600])).toEqual({
      role: 'student',
      teacher: above!.id,
      steps: [100, 400, 600],
      networks: [raw, raw, raw],
      measured: [true, true, true],
    })
  }, 600_000)

  it('leaves a stored network alone, and stores another or another reading of it beside it', async () => {
    const last = join(folder, 'fashion/a4_fixed/last.ckpt')
    const again = (...flags: string[]) => imported(last, '--run', 'a4_fixed', ...flags)
    const stored = async (...flags: string[]) =>
      (await again(...flags)).find(({ run }) => run === 'a4_fixed')!.stored
    expect(await stored()).toBe(false)
    expect(await stored('--network', 'raw', '--mode', 'reload')).toBe(true)
    expect((await findCheckpoint('a4_fixed', 600))!.diagnosis).toMatchObject({
      network: 'state_dict/model.diffusion_model.',
      mode: 'reload',
    })
    expect(await stored('--network', 'raw', '--mode', 'reload')).toBe(false)
    expect(await stored()).toBe(false)
  }, 300_000)

  it.each([
    ['ddim_mnist', [782], ['4/']],
    ['ddim_mnist_timeblind', [300, 1500, 5700], ['0/module.', '0/module.', '4/']],
  ])(
    'takes the average of a list where there is one: %s',
    async (name, steps, networks) => {
      await imported(...steps.map((step) => `${real}/${name}/ckpt_${step}.pth`), '--run', name)
      expect(await holds(name, steps)).toMatchObject({ role: 'teacher', steps, networks })
    },
    120_000,
  )
})
