/**
 * Counter-based random numbers: element i is a function of (seed, stream, i) and of nothing else, so a run
 * can be resumed in the middle and a longer array starts with the shorter one.
 * Generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011), which
 * turns a 128-bit counter and a 64-bit key into four 32-bit words. Here
 *   key = seed (low, high word), counter = [block of four elements, kind of draw, stream (low, high word)],
 * so that normals, uniforms, integers and permutations of one stream are independent of each other.
 * Seeds, streams and epochs are integers; anything else throws a RangeError.
 */

const kinds = { normal: 0, uniform: 1, integers: 2, permutation: 3 }
type Kind = keyof typeof kinds

const twoTo32 = 4294967296

/** High 32 bits of the 64-bit product of two unsigned 32-bit integers. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const low = aHigh * bLow + ((aLow * bLow) >>> 16)
  const middle = aLow * bHigh + (low & 0xffff)
  return (aHigh * bHigh + (low >>> 16) + (middle >>> 16)) >>> 0
}

/** Philox4x32-10: writes the four words of counter c under key k to out. */
export function philox(
  c: readonly [number, number, number, number],
  k: readonly [number, number],
  out: Uint32Array,
): void {
  let [c0, c1, c2, c3] = c
  let [k0, k1] = k
  for (let round = 0; round < 10; round++) {
    const high0 = highProduct(0xd2511f53, c0)
    const low0 = Math.imul(0xd2511f53, c0)
    const high1 = highProduct(0xcd9e8d57, c2)
    const low1 = Math.imul(0xcd9e8d57, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

/** Low and high 32-bit word of an integer, two's complement. */
function words(name: string, value: number): [number, number] {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${name} ${value} is not an integer`)
  return [value >>> 0, Math.floor(value / twoTo32) >>> 0]
}

/** Calls fill(first element of the block, its four words) for every block of n elements. */
function eachBlock(
  seed: number,
  stream: number,
  kind: Kind,
  n: number,
  fill: (i: number, block: Uint32Array) => void,
): void {
  const key = words('seed', seed)
  const [low, high] = words('stream', stream)
  const block = new Uint32Array(4)
  for (let i = 0; i < n; i += 4) {
    philox([i / 4, kinds[kind], low, high], key, block)
    fill(i, block)
  }
}

/**
 * Fills out with standard normals (mean 0, variance 1) and returns it. Box-Muller: the words of a block
 * give two pairs, elements 4b..4b+3. Word w stands for (w + 1/2)/2^32, never 0, so |value| < 6.8.
 */
export function normal(seed: number, stream: number, out: Float32Array): Float32Array {
  eachBlock(seed, stream, 'normal', out.length, (i, block) => {
    for (let pair = 0; pair < 4; pair += 2) {
      const radius = Math.sqrt(-2 * Math.log((block[pair]! + 0.5) / twoTo32))
      const angle = (2 * Math.PI * (block[pair + 1]! + 0.5)) / twoTo32
      // Writes past the end of a typed array are dropped, which is what the last block needs.
      out[i + pair] = radius * Math.cos(angle)
      out[i + pair + 1] = radius * Math.sin(angle)
    }
  })
  return out
}

/** Fills out with uniforms on [0, 1), multiples of 2^-24 (the spacing float32 holds exactly); returns it. */
export function uniform(seed: number, stream: number, out: Float32Array): Float32Array {
  eachBlock(seed, stream, 'uniform', out.length, (i, block) => {
    for (let j = 0; j < 4; j++) out[i + j] = (block[j]! >>> 8) / 16777216
  })
  return out
}

/** Fills out with integers on [0, below), 1 <= below <= 2^31; bias under below/2^32. Returns it. */
export function integers(seed: number, stream: number, below: number, out: Int32Array): Int32Array {
  if (!Number.isInteger(below) || below < 1 || below > 2 ** 31)
    throw new RangeError(`integers below ${below}: the bound must be an integer from 1 to 2^31`)
  eachBlock(seed, stream, 'integers', out.length, (i, block) => {
    for (let j = 0; j < 4; j++) out[i + j] = Math.floor((block[j]! / twoTo32) * below)
  })
  return out
}

/** The integers 0..n-1 in an order drawn from (seed, epoch): Fisher-Yates, one word per exchange. */
export function permutation(seed: number, epoch: number, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i)
  eachBlock(seed, epoch, 'permutation', n, (i, block) => {
    for (let j = 0; j < 4 && i + j < n; j++) {
      const a = i + j
      const b = a + Math.floor((block[j]! / twoTo32) * (n - a))
      const held = order[a]!
      order[a] = order[b]!
      order[b] = held
    }
  })
  return order
}
