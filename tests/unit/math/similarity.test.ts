import { describe, expect, it } from 'vitest'
import { psnr, ssim } from '../../../lib/math/similarity'
import { golden } from './evaluation-golden'

const { h, w } = golden.pictures
const [a, b] = [golden.pictures.a, golden.pictures.b].map((values) => Uint8Array.from(values)) as [
  Uint8Array,
  Uint8Array,
]

describe('psnr', () => {
  it('is worked out by hand', () => {
    // differences 51 and 0: mean square 1300.5, 65025 / 1300.5 = 50
    expect(psnr(Uint8Array.of(0, 9), Uint8Array.of(51, 9))).toBeCloseTo(10 * Math.log10(50), 10)
    expect(psnr(Uint8Array.of(0), Uint8Array.of(255))).toBe(0)
  })
  it('is 100 dB for equal pictures and less for any other', () => {
    expect(psnr(a, a)).toBe(100)
    const almost = a.slice()
    almost[0]! += almost[0]! < 255 ? 1 : -1
    expect(psnr(a, almost)).toBeLessThan(80)
  })
})

describe('ssim', () => {
  it('is 1 for equal planes and the same both ways', () => {
    expect(ssim(a, a, h, w)).toBeCloseTo(1, 12)
    expect(ssim(a, b, h, w)).toBeCloseTo(ssim(b, a, h, w), 12)
  })
  it('agrees with numpy, window by window', () => {
    expect(ssim(a, b, h, w)).toBeCloseTo(golden.pictures.ssim, 9)
  })
  it('is worked out by hand for flat planes: only the means count', () => {
    const flat = (v: number) => new Uint8Array(121).fill(v)
    const c1 = 2.55 ** 2
    expect(ssim(flat(100), flat(200), 11, 11)).toBeCloseTo((40_000 + c1) / (50_000 + c1), 9)
  })
  it('is lower for a plane shuffled than for one with noise, and negative for a negative', () => {
    const shuffled = Uint8Array.from(a, (_, i) => a[(i * 101) % a.length]!)
    expect(ssim(a, shuffled, h, w)).toBeLessThan(golden.pictures.ssim / 2)
    expect(
      ssim(
        a,
        a.map((v) => 255 - v),
        h,
        w,
      ),
    ).toBeLessThan(0)
  })
  it('needs a whole window', () => {
    expect(() => ssim(a, b, 10, 23)).toThrow(RangeError)
  })
})
