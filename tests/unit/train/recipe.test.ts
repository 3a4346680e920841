/** From two checkpoints to a recipe, and on to a training by it. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { parseTrainConfig } from '../../../lib/train/config'
import { manifestAt, type StudentConfig } from '../../../lib/train/plan'
import { recipeConfig } from '../../../lib/train/recipe'
import { checkpointBytes, endTraining, startTraining } from '../../../lib/train/training'
import { run } from '../cli/command-line'
import { data, studentConfig, teacherConfig, temporaryFolder, trainIn } from './toy'

const folder = temporaryFolder()
const file = (name: string) => join(folder.path, name)
const quick = ['--seeds', '1', '--timesteps', '2', '--images', '2']
const pair = () => [file('step-000020.safetensors'), file('student.safetensors')]
let settings: StudentConfig

beforeAll(async () => {
  await startBackend()
  await trainIn(folder.path, teacherConfig)
  settings = studentConfig('sign', 'step-000020.safetensors')
  const student = await startTraining(settings, folder.path, data)
  writeFileSync(file('student.safetensors'), checkpointBytes(student))
  endTraining(student)
})
afterAll(() => folder.remove())

async function readRecipe(name: string): Promise<StudentConfig> {
  const config = parseTrainConfig(JSON.parse(readFileSync(file(name), 'utf8')), name)
  if (config.role !== 'student') throw new Error('not a student')
  return config
}

describe('a recipe', () => {
  it('that sensitivity writes is trained as it says, layer by layer', async () => {
    const cheapest = await run('sensitivity', ...pair(), ...quick, '--recipe', file('same.json'), '--json')
    expect(cheapest.code).toBe(0)
    // one basis everywhere is the student itself: its own bytes buy nothing more
    const { search: none } = JSON.parse(cheapest.stdout)
    expect(none.points).toHaveLength(1)
    expect(none.points[0].cost).toBe(none.studentCost)
    expect((await readRecipe('same.json')).binarizer).toMatchObject({ method: 'sign', bases: 1, layers: {} })

    const budget = String(Math.round(1.2 * none.studentCost))
    const more = ['--budget-bytes', budget, '--recipe', file('recipe.json'), '--json']
    const { code, stdout } = await run('sensitivity', ...pair(), ...quick, ...more)
    expect(code).toBe(0)
    const { search } = JSON.parse(stdout)
    const { cost, layers, error } = search.points[search.best]
    expect(cost).toBeLessThanOrEqual(Number(budget))
    expect(error.normalised.mean).toBeLessThan(none.points[0].error.normalised.mean)

    const recipe = await readRecipe('recipe.json')
    expect(recipe).toMatchObject({ name: 'toy-sign-by-layer', teacher: 'step-000020.safetensors', steps: 20 })
    // to its end, in a folder of its own beside the teacher
    const own = file('trained')
    mkdirSync(own)
    const training = await trainIn(own, { ...recipe, teacher: '../step-000020.safetensors', snapshots: [20] })
    expect(training.step).toBe(20)
    const bases = new Map(Object.entries(training.manifest).map(([id, p]) => [id, p.bases]))
    for (const [id, chosen] of layers) expect(bases.get(id), id).toBe(chosen)
    expect([...new Set(layers.map(([, chosen]: [string, number]) => chosen))].length).toBeGreaterThan(1)
    for (const counted of [file('recipe.json'), join(own, 'step-000020.safetensors')]) {
      const { stdout } = await run('cost', counted, '--convention', 'bases-counted', '--json')
      expect(JSON.parse(stdout).costs[0].bytes.counted, counted).toBe(cost)
    }
  })
  it('can be bought with operations', async () => {
    const { stdout } = await run(
      'sensitivity',
      ...pair(),
      '--by',
      'block',
      ...quick,
      '--budget-ops',
      '1e9',
      '--json',
    )
    const { search, recipe } = JSON.parse(stdout)
    expect(search.unit).toBe('operations')
    // with operations in plenty every layer is in full precision, and only the kept layers' training is left of the error
    expect(search.points.at(-1).layers.every(([, bases]: [string, number]) => bases === 0)).toBe(true)
    expect(search.points.at(-1).error.normalised.mean).toBeLessThan(1e-6)
    expect(recipe).toBe(null)
  })
  it('is refused below the cheapest, with two budgets, and for a student that does not tell its training', async () => {
    const few = await run('sensitivity', ...pair(), ...quick, '--budget-bytes', '10')
    expect(few).toMatchObject({ code: 2 })
    expect(few.stderr).toMatch(/one basis in every binarized layer takes \d+/)
    const two = ['--budget-bytes', '1e6', '--budget-ops', '1e6']
    expect(await run('sensitivity', ...pair(), ...two)).toMatchObject({ code: 2 })
    const [teacher] = pair()
    const noStudent = await run('sensitivity', teacher!, teacher!, '--recipe', file('no.json'))
    expect(noStudent).toMatchObject({ code: 2 })
    expect(noStudent.stderr).toContain('trained as a teacher')
    const untold = { file: 'student.pt', layers: [], teacher: 't' }
    expect(() => recipeConfig({ ...untold, settings: {} })).toThrow('does not say how it was trained')
  })
})

describe('bases of single layers', () => {
  const net = async () => (await startTraining(settings, folder.path, data)).net
  const conv = 'mid_block.resnets.0.conv1'
  it('go before places and presets, kept layers included; 0 is full precision', async () => {
    const layers = { [conv]: 0, conv_in: 1, 'mid_block.resnets.1.conv1': 1 }
    const config = studentConfig('lmb', 't', { binarizer: { layers, keptBits: 8 } })
    const manifest = manifestAt(config, await net(), 0)
    expect(manifest[conv]).toEqual({ method: 'fp', bases: 0, activationBits: 32 })
    expect(manifest.conv_in).toEqual({ method: 'lmb', bases: 1, activationBits: 4 })
    expect(manifest['mid_block.resnets.1.conv1']).toMatchObject({ bases: 1 })
    expect(manifest['mid_block.resnets.1.conv2']).toMatchObject({ bases: 2 })
    expect(manifest.conv_out).toMatchObject({ method: 'lsq' })
  })
  it('are refused for a layer the network does not have, and for bases the method does not', async () => {
    const unknown = studentConfig('lmb', 't', { binarizer: { layers: { 'mid.conv9': 0 } } })
    const architecture = await net()
    expect(() => manifestAt(unknown, architecture, 0)).toThrow('mid.conv9')
    expect(() => studentConfig('sign', 't', { binarizer: { layers: { [conv]: 2 } } })).toThrow(
      `binarizer.layers.${conv}`,
    )
  })
})
