/** Checkpoints of real trainings with upstream's code (tests/fixtures/real), read from the files those trainings saved. */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { openCheckpoint, readTensor } from '../../../lib/cli/open'
import { sample } from '../../../lib/diffusion/sample'
import { samplingOf } from '../../../lib/diffusion/scheduler-config'
import { sqnr } from '../../../lib/math/agreement'
import { networkOf, quantizerOf } from '../../../lib/unet/checkpoint'
import type { Tap } from '../../../lib/unet/forward'
import { predictNoise } from '../../../lib/unet/predict'
import { distance, fixtures, tolerance } from './upstream'

const fashion = `${fixtures}/real/binarydm_fashion`
const timeblind = `${fixtures}/real/ddim_mnist_timeblind`
const reference = async (folder: string, name: string) =>
  (await readTensor(`${folder}/io.safetensors:${name}`)).data

/** A value between two levels can round either way, and one that does cascades: up to 5e-2 was seen at noise of 1e-6. */
const roundingTolerance = 0.1

beforeAll(startBackend)

/** Opens a network of a file and hands over what runs it. */
async function opened(path: string, flags: { network: string; mode?: string; config?: string }) {
  const { checkpoint, given } = await openCheckpoint(path, flags)
  const [unet, quantizer] = [networkOf(checkpoint), quantizerOf(checkpoint)]
  const predict = (x: Float32Array, t: number | ArrayLike<number>, tap?: Tap) =>
    predictNoise(unet, x, t, quantizer, tap)
  const sampled = (xT: Float32Array) => {
    const { schedule } = samplingOf(checkpoint, { scheduler: null, config: given })
    const options = { schedule, steps: 10, clip: false }
    return [...sample((x, t) => predict(x, t), xT, options)].at(-1)!.x
  }
  return { checkpoint, predict, sampled, close: () => unet.dispose() }
}

describe('full-precision networks give upstream eps and samples', () => {
  for (const [name, path, network] of [
    ['teacher_file.raw', 'teacher.ckpt', 'raw'],
    ['teacher_file.ema', 'teacher.ckpt', 'ema'],
    ['model2', 'a4_fixed/last.ckpt', 'teacher'],
  ] as const) {
    it(`${network} of ${path}`, async () => {
      const { checkpoint, predict, sampled, close } = await opened(`${fashion}/${path}`, {
        network,
        config: `${fashion}/config.json`,
      })
      expect(Object.values(checkpoint.manifest).every(({ bases }) => bases === 0)).toBe(true)
      const eps = predict(await reference(fashion, 'x'), await reference(fashion, 't'))
      expect(distance(await reference(fashion, `eps.${name}`), eps)).toBeLessThan(tolerance)
      const final = sampled(await reference(fashion, 'ddim.x_T'))
      expect(distance(await reference(fashion, `ddim.${name}.x_final`), final)).toBeLessThan(tolerance)
      close()
    })
  }

  for (const network of ['raw', 'ema'] as const) {
    it(`${network} of ermongroup/ddim's list`, async () => {
      const { predict, sampled, close } = await opened(`${timeblind}/ckpt_5700.pth`, {
        network,
        config: `${timeblind}/config.json`,
      })
      const eps = predict(await reference(timeblind, 'x'), await reference(timeblind, 't'))
      expect(distance(await reference(timeblind, `eps.${network}`), eps)).toBeLessThan(tolerance)
      const final = sampled(await reference(timeblind, 'ddim.x_T'))
      expect(distance(await reference(timeblind, `ddim.${network}.x_final`), final)).toBeLessThan(tolerance)
      close()
    })
  }
})

type Sqnr = { timesteps: number[]; readings: Record<string, Record<string, (number | null)[]>> }
const sqnrs: Sqnr = JSON.parse(readFileSync(`${fashion}/sqnr.json`, 'utf8'))

describe.each(['as_released', 'a4_fixed'] as const)('the student %s', (variant) => {
  const config = `${fashion}/config.json`
  const path = `${fashion}/${variant}/last.ckpt`

  for (const network of ['raw', 'ema'] as const) {
    for (const mode of ['stored', 'reload'] as const) {
      const name = `${variant}.${network}.${mode}`

      it(`${network}, ${mode}: eps and every layer's distance to the teacher`, async () => {
        const student = await opened(path, { network, mode, config })
        const teacher = await opened(`${fashion}/a4_fixed/last.ckpt`, { network: 'teacher', config })
        const eps = student.predict(await reference(fashion, 'x'), await reference(fashion, 't'))
        expect(distance(await reference(fashion, `eps.${name}`), eps)).toBeLessThan(roundingTolerance)

        const x = await readTensor(`${fashion}/io.safetensors:sqnr.x_t`)
        const batch = x.data.length / sqnrs.timesteps.length
        const ids = new Set(student.checkpoint.layers.map(({ id }) => id))
        let compared = 0
        for (const [i, t] of sqnrs.timesteps.entries()) {
          const xt = x.data.subarray(i * batch, (i + 1) * batch)
          const features = new Map<string, Float32Array>()
          teacher.predict(xt, t, (id, output) => {
            if (ids.has(id)) features.set(id, Float32Array.from(output.dataSync()))
          })
          student.predict(xt, t, (id, output) => {
            const theirs = sqnrs.readings[name]![id]?.[i]
            if (theirs === undefined || theirs === null) return
            compared++
            const ours = sqnr(features.get(id)!, output.dataSync() as Float32Array)!
            expect(Math.abs(ours - theirs), `${id} at ${t}: ${ours} against ${theirs}`).toBeLessThan(1)
          })
        }
        expect(compared).toBe(sqnrs.timesteps.length * ids.size)
        student.close()
        teacher.close()
      })
    }
  }

  it('has as many bits as it was trained with, read off its steps', async () => {
    const { checkpoint, close } = await opened(path, { network: 'raw', config })
    const bits = Object.values(checkpoint.manifest).flatMap((p) => (p.bases > 0 ? [p.activationBits] : []))
    expect(new Set(bits)).toEqual(new Set([variant === 'as_released' ? 8 : 4]))
    const count = (bases: number) =>
      Object.values(checkpoint.manifest).filter((p) => p.bases === bases).length
    expect([count(1), count(2)]).toEqual([38, 13])
    close()
  })
})
