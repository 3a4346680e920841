/** A student dropped by itself, and the teachers that are stored: by hash, else by layers, on real files. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { FoundCheckpoint } from '../../../app/_drop/plan'
import { fitsLayers, namedTeacher, withoutWeights } from '../../../app/_drop/stored-teacher'
import { inspectDropped } from '../../../app/_workers/inspect-dropped'
import { withTensors } from '../../../lib/cli/open'
import type { CheckpointSummary, Layer, RunSummary } from '../../../lib/record/run'
import { readOutline } from '../../../lib/unet/outline'

const demo = 'public/demo'
const fashion = 'tests/fixtures/real/binarydm_fashion'

async function dropped(file: string): Promise<FoundCheckpoint> {
  const found = await inspectDropped({
    file: new File([readFileSync(file)], path.basename(file)),
    folder: '',
    shards: [],
  })
  if (found.kind !== 'checkpoint') throw new Error(found.fault.problem)
  return found
}

const layersOf = (file: string): Promise<Layer[]> =>
  withTensors(file, async (opened) => (await readOutline(opened, null, {})).layers)

describe('layers of a student and of a stored teacher', () => {
  it('agree if one was made from the other, packed or not', async () => {
    const mnist = await layersOf(`${demo}/mnist-teacher/step-009000.safetensors`)
    for (const step of ['000200', '001000'])
      expect(
        fitsLayers((await dropped(`${demo}/mnist-baseline/step-${step}.safetensors`)).layout, mnist),
      ).toBe(true)
    const teacher = await layersOf(`${fashion}/teacher.ckpt`)
    expect(fitsLayers((await dropped(`${fashion}/as_released/last.ckpt`)).layout, teacher)).toBe(true)
  })

  it('differ for another network, and for one layer of another shape', async () => {
    const mnist = await layersOf(`${demo}/mnist-teacher/step-009000.safetensors`)
    expect(fitsLayers((await dropped(`${fashion}/as_released/last.ckpt`)).layout, mnist)).toBe(false)
    const { layout } = await dropped(`${demo}/mnist-baseline/step-001000.safetensors`)
    const wider = mnist.map((layer, i) =>
      i === 0 ? { ...layer, outChannels: 2 * layer.outChannels } : layer,
    )
    expect(fitsLayers(layout, wider)).toBe(false)
    expect(fitsLayers(layout.slice(1), mnist)).toBe(false)
  })
})

describe('the teacher a student names', () => {
  const checkpoint = (sha256: string, hasWeights: boolean) =>
    ({ sha256, hasWeights, step: 4, fileName: 'fp.pt' }) as CheckpointSummary
  const run = (name: string, role: RunSummary['role'], ...checkpoints: CheckpointSummary[]) =>
    ({ name, role, checkpoints }) as RunSummary

  it('is found by the hash of its file, before all where its weights are stored', async () => {
    const { teacherSha256 } = await dropped(`${demo}/mnist-lmb/step-000050.safetensors`)
    expect(teacherSha256).toMatch(/^[0-9a-f]{64}$/)
    const runs = [
      run('same-file-of-a-student', 'student', checkpoint(teacherSha256!, true)),
      run('records', 'teacher', checkpoint(teacherSha256!, false)),
      run('other', 'teacher', checkpoint('0'.repeat(64), true)),
    ]
    const records = namedTeacher(runs, { teacherSha256 })
    expect(records?.run).toBe('records')
    expect(withoutWeights('lmb.pt', records!)).toMatchObject({
      file: 'lmb.pt',
      problem: 'its teacher is stored as records, step 4, without its weights',
      remedy: 'Drop it together with fp.pt.',
    })
    const kept = run('kept', 'teacher', checkpoint(teacherSha256!, true))
    expect(namedTeacher([...runs, kept], { teacherSha256 })?.run).toBe('kept')
    expect(namedTeacher(runs, { teacherSha256: null })).toBeNull()
  })
})
