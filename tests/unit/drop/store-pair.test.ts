import { afterEach, describe, expect, it, vi } from 'vitest'
import { Refused, storePair } from '../../../app/_drop/store-pair'
import type { CheckpointUpload } from '../../../lib/record/run'

const upload = (name: string, role: 'teacher' | 'student', digit: string) =>
  ({
    run: { name, role, teacher: role === 'student' ? 'fp' : null },
    step: 3,
    sha256: digit.repeat(64),
    diagnosis: { network: 'model.' },
  }) as CheckpointUpload
const teacher = { upload: upload('fp', 'teacher', 'a'), file: new File(['t'], 'fp.pt') }
const student = { upload: upload('lmb', 'student', 'b'), file: new File(['s'], 'lmb.pt') }

/** Answers requests by method and path; tells in which order they came. */
function serve(
  answers: (call: string) => Response = () => Response.json({}, { status: 201 }),
  runs: unknown[] = [],
) {
  const calls: string[] = []
  const bodies: unknown[] = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit = {}) => {
    const call = `${init.method ?? 'GET'} ${url.replace('/api/v1/', '').slice(0, 13)}`
    if (call === 'GET runs') return Response.json({ runs })
    calls.push(call)
    if (typeof init.body === 'string') bodies.push(JSON.parse(init.body))
    return answers(call)
  })
  return { calls, bodies }
}
const store = (keep: boolean) => storePair(teacher, student, keep, new AbortController().signal, () => {})

afterEach(() => vi.unstubAllGlobals())

describe('storePair', () => {
  it('sends weights before records and the student last', async () => {
    const { calls } = serve()
    expect(await store(true)).toEqual({ run: 'lmb', step: 3, pair: true })
    expect(calls).toEqual(['PUT blobs/aaaaaaa', 'PUT blobs/bbbbbbb', 'POST checkpoints', 'POST checkpoints'])
  })

  it('sends records alone when the weights are not to be kept', async () => {
    const { calls } = serve()
    await store(false)
    expect(calls).toEqual(['POST checkpoints', 'POST checkpoints'])
  })

  it('stores no record when weights are refused, and says what the server says', async () => {
    const refusal = { error: { message: 'The store is full.', hint: 'Make room.' } }
    const { calls } = serve((call) => Response.json(refusal, { status: call.startsWith('PUT') ? 507 : 201 }))
    const error = await store(true).catch((e: unknown) => e)
    expect(error).toBeInstanceOf(Refused)
    expect((error as Refused).fault).toEqual({
      file: 'fp.pt',
      item: '',
      problem: 'The store is full',
      remedy: 'Make room.',
    })
    expect(calls).toEqual(['PUT blobs/aaaaaaa'])
  })

  it('hangs the student on the run that holds this teacher already', async () => {
    const known = {
      name: 'mnist',
      role: 'teacher',
      checkpoints: [{ sha256: 'a'.repeat(64), hasWeights: true }],
    }
    const { calls, bodies } = serve(undefined, [known])
    await store(true)
    expect(calls).toEqual(['PUT blobs/bbbbbbb', 'POST checkpoints'])
    expect(bodies[0]).toMatchObject({ run: { name: 'lmb', teacher: 'mnist' } })
  })

  it('tells a server that does not answer', async () => {
    vi.stubGlobal('fetch', async () => {
      throw new TypeError('Failed to fetch')
    })
    await expect(store(true)).rejects.toBeInstanceOf(Refused)
  })
})
