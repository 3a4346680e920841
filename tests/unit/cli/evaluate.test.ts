import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { normal } from '../../../lib/math/rng'
import { type Evaluation, evaluationKey } from '../../../lib/record/evaluation'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const teacher = join(import.meta.dirname, '../../fixtures/ddim_s1/model.safetensors')
const student = join(folder, 'student.safetensors')
const pictures = join(folder, 'pictures')
const out = join(folder, 'evaluations.json')

/** Colour pictures of 16x16 in two classes, warm and cold, 60 each; every tenth is held out. */
beforeAll(async () => {
  for (const [label, name] of ['cold', 'warm'].entries()) {
    mkdirSync(join(pictures, name), { recursive: true })
    for (let n = 0; n < 60; n++) {
      const noise = normal(label, n, new Float32Array(768))
      const pixels = Uint8Array.from(noise, (v, i) => 128 + 20 * v + (i % 3 === 2 * label ? -60 : 60))
      await sharp(pixels, { raw: { width: 16, height: 16, channels: 3 } })
        .png({ compressionLevel: 1 })
        .toFile(join(pictures, name, `${n}.png`))
    }
  }
  const bits = ['--method', 'lmb', '--activation-bits', '4']
  const { code } = await run('binarize', teacher, ...bits, '--out', student)
  expect(code).toBe(0)
})

const evaluate = (...args: string[]) =>
  run('evaluate', '--set', pictures, ...args, '--classifiers', join(folder, 'classifiers'), '--steps', '2')

describe('evaluate', () => {
  let rows: Evaluation[]

  it('measures a student beside its teacher and the references, and says how', async () => {
    const { code, stdout, stderr } = await evaluate(
      ...[student, '--teacher', teacher, '--images', '10', '--references', '--json', '--out', out],
    )
    expect(stderr).not.toContain('Error')
    expect(code).toBe(0)
    rows = JSON.parse(stdout) as Evaluation[]
    expect(rows.map(({ subject }) => subject)).toEqual([
      ...['real', 'noise', 'constant', 'pixel-gaussian', 'checkpoint', 'checkpoint'],
    ])
    const [real, noise, constant, , ofTeacher, ofStudent] = rows as [...Evaluation[]] & Evaluation[]
    expect(real!.protocol).toMatchObject({
      images: 10,
      seed: 7,
      split: 'test',
      width: 16,
      channels: 3,
      neighbours: 3,
    })
    expect(real!.protocol.set).toMatch(/^pictures-[0-9a-f]{8}$/)
    expect(real!.protocol.classifierAccuracy).toBeGreaterThan(0.9)
    for (const bad of [noise!, constant!]) {
      expect(bad.frechetDistance).toBeGreaterThan(real!.frechetDistance)
    }
    expect(ofTeacher).toMatchObject({ paired: null, teacherSha256: null })
    expect(ofStudent!.teacherSha256).toBe(ofTeacher!.sha256)
    expect(ofStudent!.sampling).toEqual({ sampler: 'ddim', steps: 2, eta: 0, schedule: 'ddim', clip: false })
    expect(ofStudent!.paired!.cosine).toBeLessThan(1)
    expect(ofStudent!.paired!.psnr).toBeLessThan(100)
    for (const { classShares } of rows) expect(classShares.reduce((s, v) => s + v, 0)).toBeCloseTo(1, 9)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(rows)
  })

  it('gives the same numbers again, adds what is new to the file, and prints the protocol', async () => {
    // the teacher is a file like the others here, found by what the student says of it
    const { code, stdout } = await evaluate(teacher, student, '--images', '10', '--out', out)
    expect(code).toBe(0)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(rows)
    for (const words of [
      '10 pictures a row',
      'seed 7',
      'DDIM, 2 steps',
      'not an FID',
      'k = 3',
      'real training images',
    ])
      expect(stdout).toContain(words)
    expect(stdout).toContain(rows.at(-1)!.sha256!.slice(0, 12))
    expect(stdout).toContain(rows.at(-1)!.frechetDistance.toFixed(1))
  })

  it('runs students at one bit when asked to, teachers as before, and says so in rows of their own', async () => {
    const { code, stdout } = await evaluate(teacher, student, '--images', '10', '--engine', '--json')
    expect(code).toBe(0)
    const [, ofTeacher, ofStudent] = JSON.parse(stdout) as Evaluation[]
    const floats = { sampler: 'ddim', steps: 2, eta: 0, schedule: 'ddim', clip: false }
    expect(ofTeacher!.sampling).toEqual(floats)
    expect(ofStudent!.sampling).toEqual({ ...floats, arithmetic: 'one bit' })
    const simulated = rows.at(-1)!
    expect(ofStudent!.paired!.cosine).toBeCloseTo(simulated.paired!.cosine, 1)
    expect(evaluationKey(ofStudent!)).not.toBe(evaluationKey(simulated))
  })

  it('refuses what it cannot measure', async () => {
    const problem = async (...args: string[]) => {
      const { code, stderr } = await evaluate(...args)
      expect(code).toBe(2)
      return stderr
    }
    expect(await problem()).toContain('none given')
    expect(await problem(student, '--images', '13')).toContain('13 are asked for, the test split has 12')
    expect(await problem(student, '--images', '10', '--set', join(folder, 'nowhere'))).toContain(
      'neither an image set nor a folder',
    )
    expect(await problem(join(folder, 'missing.safetensors'))).toContain('missing.safetensors')
    const other = join(folder, 'other.json')
    writeFileSync(other, '{}')
    expect(await problem(student, '--images', '10', '--out', other)).toContain('other.json')
    const { code, stderr } = await run('evaluate', teacher)
    expect([code, stderr.includes('--set')]).toEqual([2, true])
  })
})
