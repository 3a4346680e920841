import { describe, expect, it } from 'vitest'
import { rangeSource } from '../../../app/_workers/range-source'
import { InputError } from '../../../lib/tensor/error'

const size = 2.5 * 2 ** 20
const bytes = Uint8Array.from({ length: size }, (_, i) => (i * 7) % 251)

/** A server of `bytes`; tells the ranges it was asked for. */
function server(answer: (start: number, end: number) => Response = partial) {
  const asked: string[] = []
  const request = (async (_url: string, init: RequestInit) => {
    const range = new Headers(init.headers).get('range')!
    asked.push(range)
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range)!
    return answer(Number(first), Number(last) + 1)
  }) as typeof fetch
  return { asked, request }
}
const partial = (start: number, end: number) => new Response(bytes.slice(start, end), { status: 206 })

describe('rangeSource', () => {
  it('reads any slice, also across the blocks it fetches', async () => {
    const { request } = server()
    const source = rangeSource('w', '/w', size, request)
    const around = 2 ** 20
    expect(await source.read(around - 3, around + 5)).toEqual(bytes.slice(around - 3, around + 5))
    expect(await source.read(size - 4, size)).toEqual(bytes.slice(size - 4))
    expect(await source.read(9, 9)).toEqual(new Uint8Array(0))
  })

  it('fetches a block once and none that nobody needs', async () => {
    const { asked, request } = server()
    const source = rangeSource('w', '/w', size, request)
    await source.read(0, 8)
    await source.read(8, 500)
    await source.read(size - 1, size)
    expect(asked).toEqual(['bytes=0-1048575', 'bytes=2097152-2621439'])
    expect(source.fetchedBytes()).toBe(1.5 * 2 ** 20)
  })

  it('takes its part of a whole file from a server that knows no ranges', async () => {
    const { request } = server(() => new Response(bytes.slice(), { status: 200 }))
    const source = rangeSource('w', '/w', size, request)
    expect(await source.read(2 ** 20, 2 ** 20 + 2)).toEqual(bytes.slice(2 ** 20, 2 ** 20 + 2))
  })

  it('says that weights are not stored, and asks again when asked again', async () => {
    let found = false
    const { request } = server((start, end) =>
      found ? partial(start, end) : new Response(null, { status: 404 }),
    )
    const source = rangeSource('student.safetensors', '/w', size, request)
    await expect(source.read(0, 4)).rejects.toThrow(/student\.safetensors.*not stored/)
    found = true
    expect(await source.read(0, 4)).toEqual(bytes.slice(0, 4))
  })

  it('refuses an answer of another length than asked for', async () => {
    const { request } = server((start) => partial(start, start + 10))
    await expect(rangeSource('w', '/w', size, request).read(0, 100)).rejects.toThrow(InputError)
  })

  it('refuses a slice beyond the end', async () => {
    const { request } = server()
    await expect(rangeSource('w', '/w', size, request).read(size - 1, size + 1)).rejects.toThrow(InputError)
  })
})
