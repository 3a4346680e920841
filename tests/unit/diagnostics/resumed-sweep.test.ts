import { memory } from '@tensorflow/tfjs-core'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import type { AuditedDiagnosis } from '../../../lib/diagnostics/diagnose'
import { diagnose } from '../../../lib/diagnostics/diagnose'
import type { Kept } from '../../../lib/diagnostics/sweep'
import type { Slot } from '../../../lib/diagnostics/sweep-progress'
import type { Checkpoint } from '../../../lib/unet/checkpoint'
import { binarized, readTeacher } from './pair'

/** 4 timesteps of the teacher's DDIM run. */
const short = { timesteps: 4, images: 2, seed: 5 }
let teacher: Checkpoint
let student: Checkpoint
let whole: AuditedDiagnosis

beforeAll(async () => {
  await startBackend()
  teacher = await readTeacher()
  student = binarized(teacher, 'lmb', 2, 0.3)
  whole = await diagnose(teacher, student, short)
})

function memorySlot(): Slot & { text: string | null } {
  return {
    text: null,
    async read() {
      return this.text
    },
    async write(text) {
      this.text = text
    },
  }
}
const empty = () => ({ axes: memorySlot(), timesteps: memorySlot() })

/** Diagnoses until `words` were said, counting how often each thing was said. */
async function until(words: string | null, kept: Kept, student: Checkpoint, options: object = short) {
  const own = new AbortController()
  const said: string[] = []
  const diagnosis = await diagnose(teacher, student, {
    ...options,
    kept,
    signal: own.signal,
    onProgress: (_done, _total, what) => {
      if (what !== 'weights') said.push(what)
      if (what === words) own.abort(new Error('cancelled'))
    },
  }).catch((error: Error) => {
    expect(error.message).toBe('cancelled')
    return null
  })
  return { diagnosis, said }
}

afterEach(() => vi.restoreAllMocks())

describe('a sweep that was cut short', () => {
  it('goes on where it stopped, and ends with the same numbers to the bit', async () => {
    // A clock that stands still: keeping takes no time, so every timestep is kept.
    vi.spyOn(performance, 'now').mockReturnValue(0)
    const kept = empty()
    const tensors = memory().numTensors
    const [, second] = whole.timesteps
    const first = await until(`timestep ${second}`, kept, student)
    expect(first.diagnosis).toBe(null)
    expect(memory().numTensors).toBe(tensors)
    const { diagnosis, said } = await until(null, kept, student)
    expect(said).toEqual([
      "axes of the teacher's features",
      ...whole.timesteps.slice(2).map((t) => `timestep ${t}`),
    ])
    expect(diagnosis).toEqual(whole)
    expect(JSON.stringify(diagnosis)).toBe(JSON.stringify(whole))
  })
  it('does so among timesteps that were asked for one by one', async () => {
    const asked = { ...short, timesteps: [970, 965, 950, 300] }
    const kept = empty()
    await until('timestep 950', kept, student, asked)
    const { diagnosis, said } = await until(null, kept, student, asked)
    expect(said).not.toContain('timestep 970')
    expect(JSON.stringify(diagnosis)).toBe(JSON.stringify(await diagnose(teacher, student, asked)))
  })
  it('has its teacher’s axes for the next student', async () => {
    const kept = empty()
    await until("axes of the teacher's features", kept, student)
    const other = binarized(teacher, 'sign', 1, 0.3)
    const { diagnosis, said } = await until(null, { ...empty(), axes: kept.axes }, other)
    expect(said).not.toContain('images at all noise levels')
    expect(JSON.stringify(diagnosis)).toBe(JSON.stringify(await diagnose(teacher, other, short)))
  })
  it('begins again for other parameters, and for texts that are none', async () => {
    const kept = empty()
    await until(null, kept, student)
    const other = { ...short, seed: 6 }
    const { diagnosis } = await until(null, kept, student, other)
    expect(JSON.stringify(diagnosis)).toBe(JSON.stringify(await diagnose(teacher, student, other)))
    for (const slot of [kept.axes, kept.timesteps]) slot.text = slot.text!.slice(0, 1000)
    expect(JSON.stringify((await until(null, kept, student)).diagnosis)).toBe(JSON.stringify(whole))
  })
})
