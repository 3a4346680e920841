import { expect, it } from 'vitest'
import { signWords } from '@/lib/engine/gpu/sign-words'
import { normal } from '@/lib/math/rng'
import { packPlane } from '@/lib/quant/bit-plane'

it('a word holds a kernel position of 32 channels, the first in its lowest bit, words of four outputs side by side', () => {
  // two outputs, 33 channels, 1x2: output 0 is +1 in channel 0 at position 1, output 1 in channel 32 at position 0
  const signs = new Int8Array(2 * 33 * 2).fill(-1)
  signs[1] = 1
  signs[(33 + 32) * 2] = 1
  const words = signWords(signs, [2, 33, 1, 2])
  // position 0: channels 0 to 31, then 32; position 1 the same
  expect([...words]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
})

it('words of 64 channels are those of a bit plane, output by output', () => {
  const shape = [4, 64, 3, 3]
  const signs = Int8Array.from(normal(1, 0, new Float32Array(4 * 64 * 9)), (v) => (v < 0 ? -1 : 1))
  const rows = new Uint32Array(packPlane(signs, shape).buffer)
  const words = signWords(signs, shape)
  for (let o = 0; o < 4; o++) for (let i = 0; i < 18; i++) expect(words[4 * i + o]).toBe(rows[18 * o + i])
})
