import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { layerLists } from '../cost/networks'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const root = fileURLToPath(new URL('../../../', import.meta.url))
const student = `${root}/public/demo/mnist-v1/step-000200.safetensors`
const config = `${fixtures}/ddim_s1/config.json`

async function json(...args: string[]) {
  const { code, stdout, stderr } = await run('cost', ...args, '--json')
  expect([code, stderr]).toEqual([0, ''])
  return JSON.parse(stdout)
}

async function expectRefusal(args: string[], ...words: string[]) {
  const { code, stdout, stderr } = await run('cost', ...args)
  for (const word of words) expect(stderr).toContain(word)
  expect([code, stdout]).toEqual([2, ''])
}

describe('cost', () => {
  it('counts a checkpoint at the precision its manifest states, and measures its file', async () => {
    const { parameters, plan, costs } = await json(student)
    expect([parameters, plan]).toEqual([652_772, null])
    expect(costs.map((cost: { convention: string }) => cost.convention)).toEqual([
      ...['v1', 'mid', 'v5-eq17', 'bases-counted', 'measured-file'],
    ])
    const [v1, , , , measured] = costs
    expect(v1.operations.ratio).toBe(16)
    expect(measured.bytes.counted).toBe(statSync(student).size)
    expect(v1.layers).toHaveLength(39)
  })

  it('counts what inspect says of a file as it counts the file', async () => {
    const said = join(folder, 'inspected.json')
    const { stdout } = await run('inspect', student, '--json')
    writeFileSync(said, JSON.stringify([JSON.parse(stdout)].flat()[0]))
    const counted = ['--convention', 'mid']
    expect((await json(said, ...counted)).costs).toEqual((await json(student, ...counted)).costs)
  })

  it('counts a packed file within the header and the half floats of what bases-counted says', async () => {
    const { costs } = await json(student)
    const [counted, measured] = [costs[3].bytes.counted, costs[4].bytes.counted]
    expect(Math.abs(measured - counted) / counted).toBeLessThan(0.1)
  })

  it('reproduces what the paper prints of LDM-4, and says what it cannot reproduce', async () => {
    const { claims } = await json(layerLists['LDM-4'], '--claims')
    const statuses = new Map(claims.map((c: { what: string; status: string }) => [c.what, c.status]))
    expect(statuses.get('baseline W1, size')).toBe('exact')
    expect(statuses.get('BinaryDM W1, size')).toBe('apart')
    const { stdout } = await run('cost', layerLists['LDM-4'], '--claims')
    expect(stdout).toMatch(/v5 +BinaryDM W1, size +35\.8 +37\.28 +\+4\.14 % MB +NOT reproduced/)
    await expectRefusal([config, '--claims'], 'config.json', '525091 parameters', 'LDM-4')
  })

  it('prints the formula beside each ratio', async () => {
    const { stdout } = await run('cost', layerLists['LDM-4'], '--preset', 'v1')
    expect(stdout).toMatch(/v1 +5\.589 of +89\.42 x 2\^30 OPs +16\.00x {2}all MACs \* w \* a \/ 64/)
    expect(stdout).toMatch(/42\.07 of +1045\.4 MiB +24\.85x {2}per basis w bits per weight and 16-bit scales/)
  })

  it('counts a configuration as the student of a preset, v1 if none is named, with bits and places changed at will', async () => {
    expect((await json(config)).plan).toEqual({ weight: 1, activation: 4, kept: 32, twoBases: 'v1' })
    expect((await json(config, '--preset', 'v5')).plan).toMatchObject({ kept: 8, twoBases: null })
    const flags = ['--weights-bits', '4', '--activation-bits', '8', '--kept-bits', 'same']
    const { plan, costs } = await json(config, '--convention', 'v1', ...flags)
    expect(plan).toEqual({ weight: 4, activation: 8, kept: null, twoBases: null })
    expect(costs).toHaveLength(1)
    expect(costs[0].operations.ratio).toBe(2)
    const first = await json(layerLists['LDM-4'], '--two-bases', 'first-6-last-5', '--convention', 'v1')
    expect(first.costs[0].bytes.counted / 2 ** 20).toBeCloseTo(40.79, 2)
  })

  it('reads yaml, and the network of a training configuration', async () => {
    const yaml = join(folder, 'network.yml')
    const { model } = JSON.parse(readFileSync(`${root}/docs/configs/cifar10-ddim.json`, 'utf8'))
    const lines = Object.entries(model.model).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`)
    writeFileSync(yaml, ['model:', ...lines, 'data:', '  image_size: 32', ''].join('\n'))
    for (const path of [yaml, `${root}/docs/configs/cifar10-ddim.json`])
      expect((await json(path)).parameters).toBe(35_746_307)
  })

  it('lists the layers on demand', async () => {
    const { stdout } = await run('cost', student, '--layers', '--convention', 'mid')
    expect(stdout).toContain('layers, mid')
    expect(stdout).toMatch(/down_blocks\.0\.resnets\.0\.conv1 +W1A4 x2 +\d+ +\d+ +\d+/)
  })

  it('refuses what it cannot count', async () => {
    await expectRefusal([config, '--convention', 'measured-file'], 'config.json', 'measures a checkpoint')
    await expectRefusal([config, '--convention', 'v2'], '--convention', 'v2 is not one of')
    const two = ['--two-bases', 'all', '--weights-bits', '2']
    await expectRefusal([config, ...two], '--two-bases', 'second basis is of 1-bit weights')
    const other = join(folder, 'other.json')
    writeFileSync(other, '{"layers": 3, "parameters": 4}')
    await expectRefusal([other], 'other.json', 'layers', 'inspect --json')
    await expectRefusal([join(folder, 'nowhere.pt')], 'nowhere.pt', 'no such file')
  })
})
