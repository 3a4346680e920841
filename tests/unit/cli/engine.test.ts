import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readTensor } from '../../../lib/cli/open'
import { startingNoise } from '../../../lib/diffusion/sample'
import { sqnr } from '../../../lib/math/agreement'
import { writeNpy } from '../../../lib/tensor/npy'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const demo = join(import.meta.dirname, '../../../public/demo')
const step = 'step-001000.safetensors'
const teacher = `${demo}/mnist-teacher/step-009000.safetensors`
const out = (name: string) => join(folder, `${name}.safetensors`)

describe('sample --engine', () => {
  /** Samples of 4 images in 3 steps from noise in a file. */
  async function samples(student: string, noise: string, ...flags: string[]): Promise<Float32Array> {
    const sampled = ['sample', student, '--x', noise, '--steps', '3', ...flags, '--out', out('samples')]
    expect(await run(...sampled)).toMatchObject({ code: 0, stderr: '' })
    return (await readTensor(`${out('samples')}:x_final`)).data
  }

  /** x_T of seed 7, and the same times 1 + 1e-6. */
  const [noise, nudged] = ['noise.npy', 'nudged.npy'].map((name) => join(folder, name)) as [string, string]
  beforeAll(() => {
    const values = startingNoise(7, 4, 4 * 14 * 14)
    writeFileSync(noise, writeNpy({ shape: [4, 4, 14, 14], data: values }))
    writeFileSync(nudged, writeNpy({ shape: [4, 4, 14, 14], data: values.map((v) => v * (1 + 1e-6)) }))
  })

  it.each(['mnist-baseline', 'mnist-v1'])(
    'draws with %s what its simulation draws, as closely as the simulation follows a nudge of its noise',
    async (name) => {
      const student = `${demo}/${name}/${step}`
      const simulated = await samples(student, noise)
      const engine = sqnr(simulated, await samples(student, noise, '--engine'))!
      const nudge = sqnr(simulated, await samples(student, nudged))!
      expect(engine).toBeLessThan(150)
      // inputs rounded the other way move either by about as much: 43.6 and 41.0 dB, 30.6 and 30.4 dB when this was written
      expect(engine).toBeGreaterThan(nudge - 6)
      expect(engine).toBeGreaterThan(20)
    },
  )

  it.each([
    ['full precision', teacher],
    ['inputs of 8 bits', `${demo}/mnist-baseline-a8/${step}`],
  ])('refuses a checkpoint with %s', async (_, checkpoint) => {
    const { code, stderr } = await run('sample', checkpoint, '--engine', '--out', out('refused'))
    expect(code).toBe(2)
    expect(stderr).toContain('it does not run at one bit: no layer of it has weights of one bit')
  })

  it('refuses a reading whose steps are computed from every batch', async () => {
    const student = `${fixtures}/real/binarydm_fashion/a4_fixed/last.ckpt`
    const config = ['--config', `${fixtures}/real/binarydm_fashion/config.json`, '--mode', 'reload']
    const { code, stderr } = await run('sample', student, ...config, '--engine', '--out', out('refused'))
    expect(code).toBe(2)
    expect(stderr).toContain('steps of its inputs are computed from every batch')
  })
})

describe('forward --engine', () => {
  const network = `${fixtures}/diffusers_old_s1`
  const student = out('student')
  const inputs = ['--x', `${network}/io.safetensors:x`, '--t', `${network}/io.safetensors:t`, '--tap', 'all']

  it('gives eps and every activation in the shape the simulation gives them', async () => {
    const flags = ['--method', 'lmb', '--activation-bits', '4', '--out', student]
    expect((await run('binarize', network, ...flags)).code).toBe(0)
    const tensors = async (...more: string[]) => {
      const { code, stdout } = await run(
        ...['forward', student, ...inputs, '--json', ...more, '--out', out('eps')],
      )
      expect(code).toBe(0)
      return JSON.parse(stdout).tensors as Record<string, number[]>
    }
    const simulated = await tensors()
    const eps = (await readTensor(`${out('eps')}:eps`)).data
    expect(await tensors('--engine')).toEqual(simulated)
    expect(sqnr(eps, (await readTensor(`${out('eps')}:eps`)).data)).toBeGreaterThan(20)
    expect(Object.keys(simulated).length).toBeGreaterThan(50)
  })

  it('refuses images that are not square', async () => {
    const x = join(folder, 'oblong.npy')
    writeFileSync(x, writeNpy({ shape: [1, 3, 8, 16], data: new Float32Array(384) }))
    const { code, stderr } = await run(
      'forward',
      student,
      '--x',
      x,
      '--t',
      '5',
      '--engine',
      '--out',
      out('eps'),
    )
    expect(code).toBe(2)
    expect(stderr).toContain('the images are 8x16, the engine takes square ones')
  })
})
