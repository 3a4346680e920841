import { describe, expect, it } from 'vitest'
import { agreementOf } from '../../../app/_sample/agreement'
import { noTrace, type Trace } from '../../../app/_sample/trace'

/** One image of two pixels in three channels, finished in two steps. */
function trace(states: number[][], final: number[] | null): Trace {
  return {
    ...noTrace,
    shape: [1, 3, 1, 2],
    timesteps: [500, 0],
    steps: states.map((xt) => ({ xt: Float32Array.from(xt), x0: new Float32Array(6), ms: 1 })),
    final: final && Float32Array.from(final),
  }
}

const grey = [0, 0, 0, 0, 0, 0]
/** So much of one byte. */
const bytes = (n: number) => n / 127.5

describe('agreementOf', () => {
  it('says nothing until both are done', () => {
    expect(agreementOf(trace([grey, grey], grey), trace([grey], null))).toBeNull()
  })

  it('finds nothing between equal pictures', () => {
    const one = trace([grey, grey], grey)
    expect(agreementOf(one, one)).toMatchObject({ pixels: 2, differing: 0, largest: 0, parting: null })
  })

  it('counts a pixel once whatever its channels, and not what rounds to the same byte', () => {
    const other = [bytes(0.9), 0, bytes(3), 0, bytes(-3.9), bytes(0.4)]
    const found = agreementOf(
      trace(
        [grey, grey],
        grey.map(() => bytes(0.1)),
      ),
      trace([grey, grey], other),
    )
    expect(found).toMatchObject({ pixels: 2, differing: 1, largest: 4 })
  })

  it('names the first step whose states are more than a grey level apart', () => {
    const near = [bytes(0.9), 0, 0, 0, 0, 0]
    const far = [0, 0, 0, bytes(-1.1), 0, 0]
    const a = trace([grey, grey], grey)
    expect(agreementOf(a, trace([near, near], grey))!.parting).toBeNull()
    expect(agreementOf(a, trace([near, far], grey))!.parting).toEqual({ step: 1, t: 0 })
  })
})
