/** forward and sample against what upstream computed, through the command line. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTensor, withTensors } from '../../../lib/cli/open'
import {
  clippedTolerance,
  distance,
  expected,
  fixtures,
  namesIn,
  networks,
  tolerance,
} from '../unet/upstream'
import { type Outcome, run, spawned, temporaryFolder } from './command-line'

const folder = temporaryFolder()

async function expectForward(name: string, path: string, go: (...args: string[]) => Promise<Outcome>) {
  const io = `${fixtures}/${name}/io.safetensors`
  const out = join(folder, `${name}.safetensors`)
  const recorded = (await namesIn(name)).filter((n) => n === 'eps' || n.startsWith('act.'))
  const taps = recorded.filter((n) => n !== 'eps').flatMap((n) => ['--tap', n.slice('act.'.length)])
  const { code, stdout } = await go(
    'forward',
    path,
    '--x',
    `${io}:x`,
    '--t',
    `${io}:t`,
    ...taps,
    '--out',
    out,
    '--json',
  )
  expect(code).toBe(0)
  expect(Object.keys(JSON.parse(stdout).tensors).sort()).toEqual(recorded.sort())
  for (const n of recorded) {
    const [theirs, ours] = [await expected(name, n), await readTensor(`${out}:${n}`)]
    expect(ours.shape, n).toEqual(theirs.shape)
    expect(distance(theirs.data, ours.data), n).toBeLessThan(tolerance)
  }
}

describe('forward writes upstream eps and activations, in upstream layout', () => {
  for (const { folder: name, path } of networks) it(name, () => expectForward(name, path, run))

  it('the same from a process of its own, with results on stdout and remarks on stderr', async () => {
    await expectForward('diffusers_old_s1', `${fixtures}/diffusers_old_s1`, spawned)
  })

  it('and linear layers over pixels as [B, HW, C]', async () => {
    const io = `${fixtures}/diffusers_new_s1/io.safetensors`
    const out = join(folder, 'all.safetensors')
    await run(
      'forward',
      `${fixtures}/diffusers_new_s1`,
      '--x',
      `${io}:x`,
      '--t',
      '7',
      '--tap',
      'all',
      '--out',
      out,
    )
    const shape = (name: string) => withTensors(out, async (file) => file.tensors.get(name)?.shape)
    expect(await shape('act.mid_block.attentions.0.to_q')).toEqual([2, 16, 32])
    expect(await shape('act.mid_block.attentions.0')).toEqual([2, 32, 4, 4])
    expect(await shape('act.time_embedding.linear_1')).toEqual([2, 64])
    expect(await shape('act.down_blocks.0')).toEqual([2, 16, 4, 4])
  })

  it('one timestep for all images gives what one for each gives', async () => {
    const io = `${fixtures}/ddim_s2_pt/io.safetensors`
    const eps = async (t: string) => {
      const out = join(folder, 'eps.safetensors')
      await run('forward', `${fixtures}/ddim_s2_pt/model.pt`, '--x', `${io}:x`, '--t', t, '--out', out)
      return (await readTensor(`${out}:eps`)).data
    }
    expect(await eps('40')).toEqual(await eps('40,40'))
  })
})

describe('sample follows upstream for ten steps', () => {
  const cases = [
    { name: 'ddim_s1', key: 'ddim', flags: [], bound: tolerance },
    { name: 'ddim_s2_pt', key: 'ddim', flags: ['--timesteps', 'quad'], bound: tolerance },
    { name: 'diffusers_new_s1', key: 'ddim_noclip', flags: ['--no-clip'], bound: tolerance },
    { name: 'diffusers_new_s1', key: 'ddim_clip', flags: [], bound: clippedTolerance },
    { name: 'diffusers_old_s1', key: 'ddim_noclip', flags: ['--no-clip'], bound: tolerance },
    { name: 'diffusers_old_s1', key: 'ddim_clip', flags: ['--clip'], bound: clippedTolerance },
  ]
  const traced: Record<string, string> = { x0_first: 'x0_1', x0_last: 'x0_10' }

  for (const { name, key, flags, bound } of cases) {
    it(`${name} ${key}`, async () => {
      const path = networks.find((n) => n.folder === name)!.path
      const xT = `${fixtures}/${name}/io.safetensors:ddim.x_T`
      const out = join(folder, `${name}-${key}.safetensors`)
      const { code } = await run(
        'sample',
        path,
        '--x',
        xT,
        '--steps',
        '10',
        '--trace',
        ...flags,
        '--out',
        out,
      )
      expect(code).toBe(0)
      const recorded = (await namesIn(name)).filter((n) => n.startsWith(`${key}.x`) && n !== 'ddim.x_T')
      expect(recorded.length).toBeGreaterThan(1)
      for (const n of recorded) {
        const stem = n.slice(key.length + 1)
        const ours = await readTensor(`${out}:${traced[stem] ?? stem}`)
        expect(distance((await expected(name, n)).data, ours.data), n).toBeLessThan(bound)
      }
    })
  }
})
