import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { checkpointsBelow } from '../../../lib/cli/import'
import { withTensors } from '../../../lib/cli/open'
import { blobFile, blobSize } from '../../../lib/store/blobs'
import { findCheckpoint } from '../../../lib/store/checkpoints'
import { db } from '../../../lib/store/db'
import { getRun, listRuns } from '../../../lib/store/runs'
import { writeSafetensors } from '../../../lib/tensor/safetensors'
import type { Tensor } from '../../../lib/tensor/tensor'
import { useTemporaryStore } from '../store/temporary-store'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

useTemporaryStore()
const folder = temporaryFolder()
const model = join(folder, 'tiny')
const students = join(folder, 'students')
/** Small measurements: what is measured is not at test here. */
const quick = ['--timesteps', '2', '--images', '1', '--samples', '1', '--json']

beforeAll(async () => {
  const timeblind = {
    in_channels: 1,
    out_ch: 1,
    ch: 32,
    ch_mult: [1, 1],
    num_res_blocks: 1,
    attn_resolutions: [8],
  }
  writeFileSync(
    join(folder, 'timeblind.json'),
    JSON.stringify({ model: timeblind, data: { image_size: 16 } }),
  )
  for (const path of [model, students]) mkdirSync(path)
  for (const name of ['config.json', 'scheduler_config.json', 'diffusion_pytorch_model.bin'])
    copyFileSync(`${fixtures}/diffusers_old_s1/${name}`, join(model, name))
  for (const method of ['sign', 'lmb'])
    await run('binarize', model, '--method', method, '--out', join(students, `tiny-${method}.safetensors`))
})

type Row = {
  file: string
  run: string
  step: number
  sha256: string
  id: string
  stored: boolean
  problem: string | null
}

async function imported(...args: string[]): Promise<{ code: number; rows: Row[] }> {
  const { code, stdout } = await run('import', ...args, ...quick)
  return { code, rows: JSON.parse(stdout) }
}

describe('import', () => {
  it('stores a diffusers folder under its name, with weights and samples', async () => {
    const { code, rows } = await imported(model)
    expect(code).toBe(0)
    expect(rows).toMatchObject([
      { run: 'tiny', step: 0, stored: true, file: 'tiny/diffusion_pytorch_model.bin' },
    ])
    expect(await blobSize(rows[0]!.sha256)).toBe(
      readFileSync(join(model, 'diffusion_pytorch_model.bin')).length,
    )
    const stored = await findCheckpoint('tiny', 0)
    expect(stored).toMatchObject({ hasWeights: true, samples: { images: 1, seed: 7, width: 8, channels: 3 } })
    expect(stored!.diagnosis.layers).toHaveLength(51)
    // from its scheduler_config.json, so that whoever samples it later has the same betas
    const noise = { spacing: 'linear', start: 0.0001, end: 0.02, timesteps: 1000 }
    expect(stored!.diagnosis.config).toMatchObject({ noise })
    expect((await getRun('tiny'))!.role).toBe('teacher')
  })

  it('stores students of a folder against the teacher they name, from the store', async () => {
    const { rows } = await imported(students)
    expect(rows.map(({ run, stored }) => [run, stored])).toEqual([
      ['tiny-lmb', true],
      ['tiny-sign', true],
    ])
    const detail = await findCheckpoint('tiny-lmb', 0)
    expect(detail!.diagnosis.output!.sqnr).toHaveLength(2)
    expect(detail!.samples!.cosineToTeacher).not.toBeNull()
    const teacherRunId = (await getRun('tiny'))!.id
    expect(await getRun('tiny-lmb')).toMatchObject({ role: 'student', teacherRunId })
  })

  it('leaves alone what is stored already', async () => {
    const before = await db().checkpoint.count()
    const { code, rows } = await imported(model, students)
    expect([code, rows.length, rows.some(({ stored }) => stored)]).toEqual([0, 3, false])
    expect(await db().checkpoint.count()).toBe(before)
  })

  it('takes --teacher and --run for files that name neither', async () => {
    const { rows } = await imported(
      join(students, 'tiny-lmb.safetensors'),
      '--teacher',
      model,
      '--run',
      'named',
    )
    expect(rows.map(({ run, stored }) => [run, stored])).toEqual([
      ['tiny', false],
      ['named', true],
    ])
    expect(await getRun('named')).toMatchObject({ method: 'lmb', bits: 'W1A32' })
  })

  it('knows a teacher again that is stored under another name', async () => {
    const renamed = join(folder, 'another-name')
    cpSync(model, renamed, { recursive: true })
    const { rows } = await imported(
      join(students, 'tiny-lmb.safetensors'),
      '--teacher',
      renamed,
      '--run',
      'named',
    )
    expect(rows.map(({ run, stored }) => [run, stored])).toEqual([
      ['tiny', false],
      ['named', false],
    ])
  })

  it('takes numbered files of a folder for the steps of one run', async () => {
    const series = join(folder, 'series')
    mkdirSync(series)
    copyFileSync(`${fixtures}/ddim_s2_pt/config.json`, join(series, 'config.json'))
    for (const step of [1000, 500])
      copyFileSync(`${fixtures}/ddim_s2_pt/model.pt`, join(series, `ckpt_${step}.pth`))
    const { rows } = await imported(series)
    expect(rows.map(({ run, step, problem }) => [run, step, problem])).toEqual([
      ['series', 1000, null],
      ['series', 500, null],
    ])
    expect((await getRun('series'))!.checkpoints.map(({ step }) => step)).toEqual([500, 1000])
  })

  it('names the run of a file that is called as everywhere after its folder', async () => {
    const place = join(folder, 'w1a4-lmb', 'checkpoints')
    mkdirSync(place, { recursive: true })
    copyFileSync(`${fixtures}/ddim_s2_pt/config.json`, join(place, 'config.json'))
    for (const name of ['last.ckpt', 'Checkpoint.pth', 'mine.pt'])
      copyFileSync(`${fixtures}/ddim_s2_pt/model.pt`, join(place, name))
    const runOf = async (name: string) => (await imported(join(place, name))).rows[0]!
    expect(await runOf('last.ckpt')).toMatchObject({ run: 'w1a4-lmb', stored: true })
    expect(await runOf('Checkpoint.pth')).toMatchObject({ run: 'w1a4-lmb', stored: false })
    expect(await runOf('mine.pt')).toMatchObject({ run: 'mine', stored: true })
  })

  it('takes training checkpoints for the steps they state, and remembers which network was measured', async () => {
    const series = join(folder, 'ddim_mnist_timeblind')
    mkdirSync(series)
    for (const step of [300, 1500, 5700])
      copyFileSync(`${fixtures}/real/ddim_mnist_timeblind/ckpt_${step}.pth`, join(series, `ckpt_${step}.pth`))
    const { code, rows } = await imported(series, '--config', join(folder, 'timeblind.json'))
    expect(code).toBe(0)
    expect(rows.map(({ run, step, problem }) => [run, step, problem]).sort()).toEqual([
      ['ddim_mnist_timeblind', 1500, null],
      ['ddim_mnist_timeblind', 300, null],
      ['ddim_mnist_timeblind', 5700, null],
    ])
    const network = async (step: number) =>
      (await findCheckpoint('ddim_mnist_timeblind', step))!.diagnosis.network
    expect([await network(300), await network(5700)]).toEqual(['0/module.', '4/'])
    const raw = await imported(join(series, 'ckpt_5700.pth'), '--run', 'raw', '--network', 'raw')
    expect(raw.rows).toMatchObject([{ run: 'raw', step: 5700, stored: true }])
    expect((await findCheckpoint('raw', 5700))!.diagnosis.network).toBe('0/module.')
  })

  it('stores the teacher that a student brings in its own file as a run, and measures against it', async () => {
    const weights = await withTensors(`${fixtures}/ddim_s2_pt/model.pt`, async (file) => {
      const all: [string, Tensor][] = []
      for (const name of file.tensors.keys()) all.push([name, await file.read(name)])
      return all
    })
    const wrapped = weights.flatMap(([name, tensor]) => [
      [`model.diffusion_model.${name}`, { tensor, dtype: 'F16' as const }] as const,
      [`model2.model.diffusion_model.${name}`, { tensor, dtype: 'F16' as const }] as const,
    ])
    const path = join(folder, 'distilled_40.safetensors')
    writeFileSync(path, writeSafetensors(new Map(wrapped)))
    const config = ['--config', `${fixtures}/ddim_s2_pt/config.json`]
    const { rows } = await imported(path, ...config)
    expect(rows.map(({ run, step, stored }) => [run, step, stored])).toEqual([
      ['distilled_40-teacher', 40, true],
      ['distilled_40', 40, true],
    ])
    const student = (await findCheckpoint('distilled_40', 40))!
    expect(student.diagnosis.network).toBe('model.diffusion_model.')
    // the same weights: equal within float32
    expect(student.diagnosis.output!.sqnr).toEqual([150, 150])
    const teacher = (await findCheckpoint('distilled_40-teacher', 40))!
    expect(teacher.diagnosis.network).toBe('model2.model.diffusion_model.')
    expect(await getRun('distilled_40')).toMatchObject({ role: 'student' })
    expect((await imported(path, ...config)).rows.map(({ stored }) => stored)).toEqual([false, false])
  })

  it('stores a model in shards as the one file that holds the same, whatever the order of its index', async () => {
    const weights = await withTensors(join(model, 'diffusion_pytorch_model.bin'), async (file) => {
      const all: [string, Tensor][] = []
      for (const name of file.tensors.keys()) all.push([name, await file.read(name)])
      return all
    })
    const shards = [weights.slice(0, 40), weights.slice(40)]
    const shardName = (i: number) => `diffusion_pytorch_model-0000${i + 1}-of-00002.safetensors`
    const write = (path: string, order: typeof weights) => {
      mkdirSync(path)
      for (const name of ['config.json', 'scheduler_config.json'])
        copyFileSync(join(model, name), join(path, name))
      for (const [i, shard] of shards.entries()) {
        const tensors = shard.map(([name, tensor]) => [name, { tensor, dtype: 'F32' as const }] as const)
        writeFileSync(join(path, shardName(i)), writeSafetensors(new Map(tensors)))
      }
      const home = (name: string) => shardName(shards[0]!.some(([other]) => other === name) ? 0 : 1)
      const weight_map = Object.fromEntries(order.map(([name]) => [name, home(name)]))
      writeFileSync(
        join(path, 'diffusion_pytorch_model.safetensors.index.json'),
        JSON.stringify({ metadata: {}, weight_map }),
      )
    }
    const [folderA, folderB] = [join(folder, 'large'), join(folder, 'large-again')]
    write(folderA, weights)
    write(folderB, [...weights].reverse())
    const [row] = (await imported(folderA)).rows
    expect(row).toMatchObject({
      run: 'large',
      stored: true,
      file: 'large/diffusion_pytorch_model.safetensors',
    })
    expect(await findCheckpoint('large', 0)).toMatchObject({ hasWeights: true, samples: { images: 1 } })
    const stored = blobFile(row!.sha256)
    expect(createHash('sha256').update(readFileSync(stored)).digest('hex')).toBe(row!.sha256)
    await withTensors(stored, async (file) => {
      for (const [name, tensor] of weights) expect(await file.read(name)).toEqual(tensor)
    })
    const again = await imported(
      join(folderB, 'diffusion_pytorch_model.safetensors.index.json'),
      '--run',
      'large',
    )
    expect(again.rows).toMatchObject([{ sha256: row!.sha256, stored: false }])
  })

  it('takes the index in a folder for its shards', () => {
    const mixed = join(folder, 'indexed')
    mkdirSync(mixed)
    const index = ['big.safetensors.index.json', 'old.safetensors.index.fp16.json', 'one.pt']
    const shards = ['big-00001-of-00002.safetensors', 'old-00001-of-00001.fp16.safetensors']
    for (const name of [...index, ...shards, 'config.json']) writeFileSync(join(mixed, name), '')
    expect(checkpointsBelow(mixed)).toEqual(index.map((name) => join(mixed, name)))
  })

  it('tells of a bad file in a folder, stores the others and exits with 2', async () => {
    const mixed = join(folder, 'mixed')
    mkdirSync(mixed)
    writeFileSync(
      join(mixed, 'a.safetensors'),
      readFileSync(join(students, 'tiny-sign.safetensors')).subarray(0, 9999),
    )
    copyFileSync(join(students, 'tiny-sign.safetensors'), join(mixed, 'b.safetensors'))
    const { code, rows } = await imported(mixed)
    expect(code).toBe(2)
    expect(rows.map(({ stored }) => stored).sort()).toEqual([false, true])
    expect(rows.find(({ stored }) => !stored)!.problem).toContain('a.safetensors')
  })

  it('leaves nothing half-stored when a file turns out bad', async () => {
    const count = async () => [await db().checkpoint.count(), await db().run.count(), await db().blob.count()]
    const before = await count()
    const bad = join(folder, 'bad.bin')
    writeFileSync(bad, readFileSync(join(model, 'diffusion_pytorch_model.bin')).subarray(0, 700_000))
    const { code, stderr, stdout } = await run('import', bad, ...quick)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('bad.bin')
    expect(await count()).toEqual(before)
    expect((await listRuns()).map(({ name }) => name)).not.toContain('bad')
  })
})
