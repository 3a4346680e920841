import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { writeCheckpoint } from '../../../lib/unet/checkpoint'
import { readTeacher, trainedStudent } from '../diagnostics/audit/student'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const demo = join(fixtures, '../../public/demo')
const mnistTeacher = join(demo, 'mnist-teacher/step-009000.safetensors')
const upstream = `${fixtures}/diffusers_new_s1`

const student = trainedStudent(await readTeacher())

/** The student as a file; with second scales of 0 in one layer if `broken`. */
function studentFile(broken: boolean): string {
  const tensors = new Map(student.tensors)
  for (const [id, { sigma1, sigma2, alpha }] of student.scales) {
    const vector = (data: Float32Array) => ({ shape: [data.length], data })
    tensors.set(`${id}.sigma1`, vector(sigma1!))
    const zero = broken && id === 'mid_block.resnets.0.conv1'
    tensors.set(`${id}.sigma2`, vector(zero ? sigma2!.map(() => 0) : sigma2!))
    tensors.set(`${id}.alpha`, vector(Float32Array.of(alpha!)))
  }
  const path = join(folder, broken ? 'broken.safetensors' : 'sound.safetensors')
  const config = { ...student.config }
  writeFileSync(
    path,
    writeCheckpoint(tensors, { ...student.about, config, manifest: student.manifest }, false),
  )
  return path
}

describe('audit', () => {
  it('ends with 0 and says so where nothing is wrong', async () => {
    const { code, stdout } = await run('audit', studentFile(false), '--fp', upstream)
    expect([code, stdout]).toEqual([0, expect.stringContaining('no faults')])
  })

  it('ends with 1 for a fault, and tells layer and remedy', async () => {
    const { code, stdout } = await run('audit', studentFile(true), '--fp', upstream, '--layers')
    expect(code).toBe(1)
    expect(stdout).toContain('◆ fault  σ2 is 0 (second-basis-zero)')
    expect(stdout).toContain('mid_block.resnets.0.conv1')
    expect(stdout).toContain('declare one basis, or train from')
  })

  it('prints one JSON document with --json', async () => {
    const { code, stdout } = await run('audit', studentFile(true), '--json')
    const report = JSON.parse(stdout)
    expect([code, report.counts]).toEqual([1, { fault: 1, warning: 0, note: 1 }])
    expect(report.layers).toHaveLength(student.layers.length)
  })

  it('ends with 2 for what is no checkpoint', async () => {
    const { code, stderr } = await run('audit', `${fixtures}/containers/not_a_checkpoint.pt`)
    expect([code, stderr.length > 0]).toEqual([2, true])
  })

  it('takes the teacher out of a training checkpoint that holds it, and the copy that can be run', async () => {
    const file = `${fixtures}/real/binarydm_fashion`
    const repaired = JSON.parse((await run('audit', `${file}/a4_fixed/last.ckpt`, '--json')).stdout)
    expect(repaired).toMatchObject({
      network: 'ema',
      teacher: expect.stringMatching(/a4_fixed.last.ckpt$/),
      counts: { fault: 0 },
    })
    const released = JSON.parse((await run('audit', `${file}/as_released/last.ckpt`, '--json')).stdout)
    expect(released).toMatchObject({ network: 'raw', teacher: null, counts: { fault: 1 } })
    const ema = await run('audit', `${file}/as_released/last.ckpt`, '--network', 'ema')
    expect(ema.stdout).toContain('EMA α contaminated (ema-alpha-contaminated)')
    expect(ema.stdout).toContain('Use the raw weights of this file')
  })

  const runs = readdirSync(demo).filter((name) => existsSync(join(demo, name, 'config.json')))
  const files = runs.flatMap((name) => {
    const checkpoints = readdirSync(join(demo, name)).filter((file) => file.endsWith('.safetensors'))
    return checkpoints.map((file) => `${name}/${file}`)
  })
  it.each(files)('has no fault and no warning for the demo checkpoint %s', async (file) => {
    const own = /^mnist-(?!teacher)/.test(file) ? ['--fp', mnistTeacher] : []
    const { code, stdout } = await run('audit', join(demo, file), ...own, '--json')
    const { counts } = JSON.parse(stdout)
    expect([code, counts.fault, counts.warning]).toEqual([0, 0, 0])
  })
})
