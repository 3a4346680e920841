/**
 * The operations of the U-Net with gradients that run on tfjs-wasm.
 * B batch, H W space, C channels (NHWC), O out channels, K kernel width; filters are HWIO.
 *
 * Why not the stock gradients: tfjs-wasm lacks Conv2DBackpropFilter, and its Conv2DBackpropInput, transposed
 * and batched matMul, concat, moments and broadcast add are several times slower than what stands here. Convolutions
 * and products go to XNNPACK through the stock kernels; everything memory-bound is a plain loop over the values.
 * The set is complete: nothing the network does needs a gradient registered in tfjs.
 */
import {
  customGrad,
  fused,
  matMul,
  mul,
  reshape,
  type Scalar,
  scalar,
  sigmoid,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tensor1d,
  add as tfAdd,
  conv2d as tfConv2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core'
import { hostValues, onHost } from '../tensor/on-host'

/** Zeros before and after each spatial axis. */
export type Padding = readonly [before: number, after: number]

const explicit = ([before, after]: Padding): [[0, 0], [number, number], [number, number], [0, 0]] => [
  [0, 0],
  [before, after],
  [before, after],
  [0, 0],
]

type Grad1 = { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor | Tensor[] }

/** customGrad without the casts at every call. */
function differentiable<T extends Tensor>(
  inputs: Tensor[],
  f: (save: (tensors: Tensor[]) => void) => Grad1,
): T {
  const op = customGrad(
    (...args: unknown[]) => f(args[args.length - 1] as (tensors: Tensor[]) => void) as never,
  )
  return op(...inputs) as T
}

/** x (B,H,W,C) * filter (K,K,C,O) + bias (O) -> (B,H',W',O). */
export function conv2d(
  x: Tensor4D,
  filter: Tensor4D,
  bias: Tensor1D,
  stride: number,
  padding: Padding,
): Tensor4D {
  if (filter.shape[0] === 1 && stride === 1) return linear(x, filter, bias)
  return differentiable<Tensor4D>([x, filter, bias], (save) => {
    const value = fused.conv2d({ x, filter, strides: stride, pad: explicit(padding), bias })
    save([x, filter])
    return {
      value,
      gradFunc: (dy, [x, filter]) => {
        const spread = onGrid(dy as Tensor4D, x!.shape, stride)
        return [
          convInputGrad(spread, filter as Tensor4D, padding),
          convFilterGrad(spread, x as Tensor4D, filter!.shape, padding),
          columnSums(dy),
        ]
      },
    }
  })
}

/** dL/dx: dy on the grid of x, convolved with the filter flipped in space and swapped in/out. */
function convInputGrad(dy: Tensor4D, filter: Tensor4D, [before]: Padding): Tensor4D {
  return tfConv2d(dy, flipFilter(filter), 1, explicit([filter.shape[0] - 1 - before, before]))
}

/** (K,K,C,O) -> (K,K,O,C), both spatial axes reversed. */
function flipFilter(filter: Tensor4D): Tensor4D {
  const [k, , c, o] = filter.shape
  return onHost<Tensor4D>([filter], [k, k, o, c], (to, from) => {
    for (let tap = 0; tap < k * k; tap++) {
      const source = (k * k - 1 - tap) * c * o
      const target = tap * c * o
      for (let i = 0; i < c; i++)
        for (let j = 0; j < o; j++) to[target + j * c + i] = from[source + i * o + j]!
    }
  })
}

/** dy (B,H',W',O) -> (B,H,W,O): its values every `stride` pixels from the top left corner of x's grid, zeros between. */
function onGrid(dy: Tensor4D, [, h, w]: number[], stride: number): Tensor4D {
  const [b, h2, w2, o] = dy.shape
  if (h2 === h && w2 === w) return dy
  return onHost<Tensor4D>([dy], [b, h!, w!, o], (to, from) => {
    to.fill(0)
    for (let n = 0; n < b; n++) {
      for (let i = 0; i < h2; i++) {
        for (let j = 0; j < w2; j++) {
          const source = ((n * h2 + i) * w2 + j) * o
          to.set(from.subarray(source, source + o), ((n * h! + i * stride) * w! + j * stride) * o)
        }
      }
    }
  })
}

/** dL/dfilter (K,K,C,O): the patches of x times dy on the grid of x. */
function convFilterGrad(dy: Tensor4D, x: Tensor4D, shape: number[], [before]: Padding): Tensor4D {
  const [k, , c, o] = shape as [number, number, number, number]
  return tidy(() => {
    const rows: Tensor2D = reshape(x, [x.size / c, c])
    const columns = patches(transpose(rows), x.shape, k, before) // (K*K*C, B*H*W)
    return reshape(matMul(columns, reshape(dy, [dy.size / o, o])), [k, k, c, o])
  })
}

/**
 * What each tap of a KxK filter sees at each pixel: x (C, B*H*W) -> (K*K*C, B*H*W), tap by tap.
 * A tap sees x shifted by a fixed number of pixels, a single copy, and zeros where the shift left the image.
 */
function patches(x: Tensor2D, [, h, w]: number[], k: number, before: number): Tensor2D {
  const [c, pixels] = x.shape
  const [size, plane] = [c * pixels, h! * w!]
  return onHost<Tensor2D>([x], [k * k * c, pixels], (out, xs) => {
    /** Copies `from` to tap (i, j) such that pixel p holds pixel p + shift; pixels without a source keep arbitrary values. */
    const shifted = (from: Float32Array, i: number, j: number, shift: number): void => {
      const to = (i * k + j) * size
      if (shift >= 0) out.set(from.subarray(shift), to)
      else out.set(from.subarray(0, size + shift), to - shift)
    }
    for (let j = 0; j < k; j++) {
      shifted(xs, before, j, j - before)
      const first = (before * k + j) * size
      const [from, to] = outside(j - before, w!)
      for (let column = from; column < to; column++)
        for (let p = first + column; p < first + size; p += w!) out[p] = 0
    }
    for (let i = 0; i < k; i++) {
      if (i === before) continue
      const [from, to] = outside(i - before, h!)
      for (let j = 0; j < k; j++) {
        const [centre, first] = [(before * k + j) * size, (i * k + j) * size]
        shifted(out.subarray(centre, centre + size), i, j, (i - before) * w!)
        for (let image = first; image < first + size; image += plane)
          out.fill(0, image + from * w!, image + to * w!)
      }
    }
  })
}

/** The positions p of an axis of n where p + shift lies outside of it. */
function outside(shift: number, n: number): [from: number, to: number] {
  return shift < 0 ? [0, Math.min(n, -shift)] : [Math.max(0, n - shift), n]
}

/** x (...,C) · w (C,O) + bias (O) -> (...,O); w may also be a 1x1 filter (1,1,C,O). */
export function linear<T extends Tensor>(x: T, w: Tensor2D | Tensor4D, bias: Tensor1D): T {
  const [c, o] = w.shape.slice(-2) as [number, number]
  const rows = (t: Tensor, width: number): Tensor2D => reshape(t, [t.size / width, width])
  return differentiable<T>([x, w, bias], (save) => {
    const value = fused.matMul({ a: rows(x, c), b: reshape(w, [c, o]), bias })
    save([x, w])
    return {
      value: reshape(value, [...x.shape.slice(0, -1), o]),
      gradFunc: (dy, [x, w]) => {
        const dyRows = rows(dy, o)
        return [
          reshape(matMul(dyRows, transpose(reshape(w!, [c, o]))), x!.shape),
          reshape(matMul(transpose(rows(x!, c)), dyRows), w!.shape),
          columnSums(dy),
        ]
      },
    }
  })
}

/** Sum over all axes but the last. Rows go in fours: one load and store of a sum for four additions. */
function columnSums(x: Tensor): Tensor1D {
  const c = x.shape[x.shape.length - 1]!
  const sums = new Float64Array(c)
  const xs = hostValues(x)
  let row = 0
  for (; row + 4 * c <= xs.length; row += 4 * c) {
    for (let i = 0, p = row; i < c; i++, p++)
      sums[i] = sums[i]! + xs[p]! + xs[p + c]! + xs[p + 2 * c]! + xs[p + 3 * c]!
  }
  for (; row < xs.length; row += c) for (let i = 0; i < c; i++) sums[i] = sums[i]! + xs[row + i]!
  return tensor1d(Float32Array.from(sums))
}

/**
 * Group normalisation over (H, W, C/groups); gamma, beta (C). Sums are float64, so the one-pass variance is safe.
 * Its loops take one channel of one image at a time, sums and coefficients in registers: an image fits in the cache.
 */
export function groupNorm(
  x: Tensor4D,
  gamma: Tensor1D,
  beta: Tensor1D,
  groups: number,
  epsilon: number,
): Tensor4D {
  const [b, h, w, c] = x.shape
  const plane = h * w * c
  return differentiable<Tensor4D>([x, gamma, beta], (save) => {
    const { mean, inverse } = groupStatistics(hostValues(x), b, plane, c, groups, epsilon)
    const value = onHost<Tensor4D>([x, gamma, beta], x.shape, (y, xs, g, o) => {
      for (let image = 0; image < b; image++) {
        const end = (image + 1) * plane
        for (let i = 0; i < c; i++) {
          const scale = g[i]! * inverse[image * c + i]!
          const shift = o[i]! - mean[image * c + i]! * scale
          for (let p = image * plane + i; p < end; p += c) y[p] = xs[p]! * scale + shift
        }
      }
    })
    save([x, gamma])
    return {
      value,
      gradFunc: (dy, [x, gamma]) => {
        const [dgamma, dbeta] = [new Float32Array(c), new Float32Array(c)]
        const dx = onHost([dy, x!, gamma!], x!.shape, (dx, dys, xs, g) =>
          groupNormGrad({ dx, dgamma, dbeta }, dys, xs, g, mean, inverse, b, plane, c, groups),
        )
        return [dx, tensor1d(dgamma), tensor1d(dbeta)]
      },
    }
  })
}

/** Mean and 1/std of each image's group, repeated for each channel of the group: (B*C). */
function groupStatistics(
  xs: Float32Array,
  b: number,
  plane: number,
  c: number,
  groups: number,
  epsilon: number,
): { mean: Float64Array; inverse: Float64Array } {
  const width = c / groups
  const n = plane / groups
  const [mean, inverse] = [new Float64Array(b * c), new Float64Array(b * c)]
  for (let image = 0; image < b; image++) {
    const end = (image + 1) * plane
    for (let first = 0; first < c; first += width) {
      let [sum, squares] = [0, 0]
      for (let i = first; i < first + width; i++) {
        for (let p = image * plane + i; p < end; p += c) {
          const v = xs[p]!
          sum += v
          squares += v * v
        }
      }
      const m = sum / n
      const rate = 1 / Math.sqrt(Math.max(0, squares / n - m * m) + epsilon)
      mean.fill(m, image * c + first, image * c + first + width)
      inverse.fill(rate, image * c + first, image * c + first + width)
    }
  }
  return { mean, inverse }
}

/** Writes the gradients of groupNorm by x, gamma and beta. */
function groupNormGrad(
  { dx, dgamma, dbeta }: { dx: Float32Array; dgamma: Float32Array; dbeta: Float32Array },
  dy: Float32Array,
  xs: Float32Array,
  gamma: Float32Array,
  mean: Float64Array,
  inverse: Float64Array,
  b: number,
  plane: number,
  c: number,
  groups: number,
): void {
  const width = c / groups
  const n = plane / groups
  for (let image = 0; image < b; image++) {
    const end = (image + 1) * plane
    for (let first = 0; first < c; first += width) {
      const [m, rate] = [mean[image * c + first]!, inverse[image * c + first]!]
      // sums over the group of dy*gamma, and of that times the normed x
      let [sum, dot] = [0, 0]
      for (let i = first; i < first + width; i++) {
        let [s, d] = [0, 0]
        for (let p = image * plane + i; p < end; p += c) {
          const v = dy[p]!
          s += v
          d += v * xs[p]!
        }
        const normedDot = (d - m * s) * rate
        dgamma[i]! += normedDot
        dbeta[i]! += s
        sum += gamma[i]! * s
        dot += gamma[i]! * normedDot
      }
      // dx = dy*a + x*k + r, k and r the same for the whole group
      const k = (-rate * rate * dot) / n
      const r = (-rate * sum) / n - m * k
      for (let i = first; i < first + width; i++) {
        const a = gamma[i]! * rate
        for (let p = image * plane + i; p < end; p += c) dx[p] = dy[p]! * a + xs[p]! * k + r
      }
    }
  }
}

/** x * sigmoid(x). */
export function silu<T extends Tensor>(x: T): T {
  return differentiable<T>([x], (save) => {
    const gate = sigmoid(x)
    save([x, gate])
    return {
      value: mul(x, gate),
      gradFunc: (dy, [x, gate]) => {
        return onHost([dy, x!, gate!], x!.shape, (dx, d, v, s) => {
          for (let i = 0; i < dx.length; i++) {
            const gate = s[i]!
            dx[i] = d[i]! * gate * (1 + v[i]! * (1 - gate))
          }
        })
      },
    }
  })
}

/** x times a number. */
export function times<T extends Tensor>(x: T, factor: number): T {
  return differentiable<T>([x], () => ({
    value: mul(x, factor),
    gradFunc: (dy) => mul(dy, factor),
  }))
}

/** x (B,H,W,C) + v (B,C) at every pixel. */
export function addPerImage(x: Tensor4D, v: Tensor2D): Tensor4D {
  const [b, h, w, c] = x.shape
  return differentiable<Tensor4D>([x, v], () => ({
    value: onHost([x, v], x.shape, (y, xs, vs) => {
      for (let n = 0, p = 0; n < b; n++) {
        for (let pixel = 0; pixel < h * w; pixel++) {
          for (let i = 0; i < c; i++, p++) y[p] = xs[p]! + vs[n * c + i]!
        }
      }
    }),
    gradFunc: (dy) => [
      dy,
      onHost([dy], [b, c], (dv, d) => {
        for (let n = 0; n < b; n++) {
          for (let i = 0; i < c; i++) {
            let sum = 0
            for (let p = n * h * w * c + i; p < (n + 1) * h * w * c; p += c) sum += d[p]!
            dv[n * c + i] = sum
          }
        }
      }),
    ],
  }))
}

/** (B,H,W,C1), (B,H,W,C2) -> (B,H,W,C1+C2). */
export function concatChannels(x: Tensor4D, y: Tensor4D): Tensor4D {
  const [b, h, w, c1] = x.shape
  const c2 = y.shape[3]
  const rows = b * h * w
  return differentiable<Tensor4D>([x, y], () => ({
    value: onHost([x, y], [b, h, w, c1 + c2], (out, xs, ys) => {
      for (let row = 0, p = 0; row < rows; row++) {
        for (let i = 0; i < c1; i++) out[p++] = xs[row * c1 + i]!
        for (let i = 0; i < c2; i++) out[p++] = ys[row * c2 + i]!
      }
    }),
    gradFunc: (dy) => [channels(dy, 0, c1), channels(dy, c1, c2)],
  }))
}

/** Channels [first, first + count) of x. */
function channels(x: Tensor, first: number, count: number): Tensor {
  const c = x.shape[x.shape.length - 1]!
  return onHost([x], [...x.shape.slice(0, -1), count], (out, xs) => {
    for (let p = 0, row = first; p < out.length; row += c)
      for (let i = 0; i < count; i++) out[p++] = xs[row + i]!
  })
}

/** Nearest neighbour: every pixel becomes 2x2. */
export function upsample2x(x: Tensor4D): Tensor4D {
  const [b, h, w, c] = x.shape
  return differentiable<Tensor4D>([x], () => ({
    value: onHost([x], [b, h * 2, w * 2, c], (y, xs) => {
      for (let row = 0; row < b * h * 2; row++) {
        const source = (row >> 1) * w * c
        for (let j = 0; j < w * 2; j++) {
          const from = source + (j >> 1) * c
          const to = (row * w * 2 + j) * c
          for (let i = 0; i < c; i++) y[to + i] = xs[from + i]!
        }
      }
    }),
    gradFunc: (dy) =>
      onHost([dy], [b, h, w, c], (dx, d) => {
        dx.fill(0)
        for (let row = 0; row < b * h * 2; row++) {
          const target = (row >> 1) * w * c
          for (let j = 0; j < w * 2; j++) {
            const to = target + (j >> 1) * c
            const from = (row * w * 2 + j) * c
            for (let i = 0; i < c; i++) dx[to + i]! += d[from + i]!
          }
        }
      }),
  }))
}

/** Mean of every 2x2 pixels: (B,H,W,C) -> (B,H/2,W/2,C). */
export function averagePool2x(x: Tensor4D): Tensor4D {
  const [b, h, w, c] = x.shape
  const [h2, w2] = [h / 2, w / 2]
  /** Calls `use` with where each output pixel and its four sources start. */
  const each = (use: (to: number, from: number) => void): void => {
    for (let row = 0; row < b * h2; row++)
      for (let j = 0; j < w2; j++) use((row * w2 + j) * c, (2 * row * w + 2 * j) * c)
  }
  return differentiable<Tensor4D>([x], () => ({
    value: onHost([x], [b, h2, w2, c], (y, xs) => {
      each((to, from) => {
        const below = from + w * c
        for (let i = 0; i < c; i++)
          y[to + i] = (xs[from + i]! + xs[from + c + i]! + xs[below + i]! + xs[below + c + i]!) / 4
      })
    }),
    gradFunc: (dy) =>
      onHost([dy], x.shape, (dx, d) => {
        each((to, from) => {
          for (let i = 0; i < c; i++) {
            const share = d[to + i]! / 4
            for (const at of [from, from + c, from + w * c, from + (w + 1) * c]) dx[at + i] = share
          }
        })
      }),
  }))
}

/** x (B,H,W,C) * (1 + scale) + shift at every pixel; v (B,2C) holds scale, then shift. */
export function scaleAndShift(x: Tensor4D, v: Tensor2D): Tensor4D {
  const [b, h, w, c] = x.shape
  const plane = h * w * c
  return differentiable<Tensor4D>([x, v], (save) => {
    save([x, v])
    return {
      value: onHost([x, v], x.shape, (y, xs, vs) => {
        for (let n = 0, p = 0; n < b; n++) {
          const scale = n * 2 * c
          for (let pixel = 0; pixel < h * w; pixel++)
            for (let i = 0; i < c; i++, p++) y[p] = xs[p]! * (1 + vs[scale + i]!) + vs[scale + c + i]!
        }
      }),
      gradFunc: (dy, [x, v]) => [
        onHost([dy, v!], x!.shape, (dx, d, vs) => {
          for (let n = 0, p = 0; n < b; n++) {
            for (let pixel = 0; pixel < h * w; pixel++)
              for (let i = 0; i < c; i++, p++) dx[p] = d[p]! * (1 + vs[n * 2 * c + i]!)
          }
        }),
        onHost([dy, x!], [b, 2 * c], (dv, d, xs) => {
          for (let n = 0; n < b; n++) {
            for (let i = 0; i < c; i++) {
              let [scale, shift] = [0, 0]
              for (let p = n * plane + i; p < (n + 1) * plane; p += c) {
                scale += d[p]! * xs[p]!
                shift += d[p]!
              }
              dv[n * 2 * c + i] = scale
              dv[(n * 2 + 1) * c + i] = shift
            }
          }
        }),
      ],
    }
  })
}

/** (x + h) / scale, the end of a residual block. */
export function residualSum(x: Tensor4D, h: Tensor4D, scale: number): Tensor4D {
  const scaled = (t: Tensor) => (scale === 1 ? t : mul(t, 1 / scale))
  return differentiable<Tensor4D>([x, h], () => ({
    value: scaled(tfAdd(x, h)),
    gradFunc: (dy) => [scaled(dy), scaled(dy)],
  }))
}

/**
 * a (N,I,J) · b (N,J,L) -> (N,I,L), one product after the other: in batches tfjs-wasm has a slow loop only,
 * not XNNPACK.
 */
function products(a: Tensor3D, b: Tensor3D): Tensor3D {
  const part = (t: Tensor3D, n: number): Tensor2D => {
    const size = t.size / t.shape[0]
    return onHost([t], t.shape.slice(1), (out, all) => out.set(all.subarray(n * size, (n + 1) * size)))
  }
  return tidy(() => {
    const parts = Array.from({ length: a.shape[0] }, (_, n) => matMul(part(a, n), part(b, n)))
    return onHost(parts, [a.shape[0], a.shape[1], b.shape[2]], (out, ...values) => {
      for (const [n, product] of values.entries()) out.set(product, n * product.length)
    })
  })
}

/** (B,H,W,C) -> (B*heads,T,D), T = H*W pixels, D = C/heads. */
function splitHeads(x: Tensor, heads: number): Tensor3D {
  const [b, h, w, c] = x.shape as [number, number, number, number]
  const [tokens, d] = [h * w, c / heads]
  if (heads === 1) return reshape(x, [b, tokens, c])
  return reshape(transpose(reshape(x, [b, tokens, heads, d]), [0, 2, 1, 3]), [b * heads, tokens, d])
}

/** The way back to `shape`, (B,H,W,C). */
function joinHeads(x: Tensor, shape: readonly number[], heads: number): Tensor4D {
  const [b, h, w, c] = shape as [number, number, number, number]
  if (heads === 1) return reshape(x, [b, h, w, c])
  return reshape(transpose(reshape(x, [b, heads, h * w, c / heads]), [0, 2, 1, 3]), [b, h, w, c])
}

const flip = (t: Tensor): Tensor3D => transpose(t as Tensor3D, [0, 2, 1])

/** How much each pixel attends to each other, softmax(scale * q k^T): q, k (B,H,W,C) -> (B*heads,T,T), T = H*W. */
export function attentionWeights(q: Tensor4D, k: Tensor4D, heads: number, scale: number): Tensor3D {
  const scaled = (t: Tensor) => (scale === 1 ? t : mul(t, scale))
  return differentiable<Tensor3D>([q, k], (save) => {
    const value = softmax(scaled(products(splitHeads(q, heads), flip(splitHeads(k, heads))))) as Tensor3D
    save([q, k, value])
    return {
      value,
      gradFunc: (dy, [q, k, weights]) => {
        const dot = sum(mul(dy, weights!), 2, true)
        const dScores = scaled(mul(weights!, sub(dy, dot))) as Tensor3D
        return [
          joinHeads(products(dScores, splitHeads(k!, heads)), q!.shape, heads),
          joinHeads(products(flip(dScores), splitHeads(q!, heads)), k!.shape, heads),
        ]
      },
    }
  })
}

/** What each pixel gets: weights (B*heads,T,T) times v (B,H,W,C) -> (B,H,W,C). */
export function attentionSum(weights: Tensor3D, v: Tensor4D, heads: number): Tensor4D {
  return differentiable<Tensor4D>([weights, v], (save) => {
    save([weights, v])
    return {
      value: joinHeads(products(weights, splitHeads(v, heads)), v.shape, heads),
      gradFunc: (dy, [weights, v]) => {
        const dOut = splitHeads(dy, heads)
        return [
          products(dOut, flip(splitHeads(v!, heads))),
          joinHeads(products(flip(weights!), dOut), v!.shape, heads),
        ]
      },
    }
  })
}

/**
 * Query (part 0), key (1) or value (2) of fused features x (B,H,W,3C) -> (B,H,W,C). Their channels lie head by head, each
 * with its query, key and value ('by head'), or all queries before all keys and values ('by kind').
 */
export function fusedPart(
  x: Tensor4D,
  part: 0 | 1 | 2,
  heads: number,
  order: 'by head' | 'by kind',
): Tensor4D {
  const [b, h, w, fused] = x.shape
  const [c, d] = [fused / 3, fused / 3 / heads]
  const start = (head: number) => (order === 'by head' ? (head * 3 + part) * d : part * c + head * d)
  return differentiable<Tensor4D>([x], () => ({
    value: onHost([x], [b, h, w, c], (out, xs) => {
      for (let pixel = 0; pixel < b * h * w; pixel++) {
        for (let head = 0; head < heads; head++) {
          const from = pixel * fused + start(head)
          out.set(xs.subarray(from, from + d), pixel * c + head * d)
        }
      }
    }),
    gradFunc: (dy) =>
      onHost([dy], x.shape, (dx, d) => {
        dx.fill(0)
        const width = c / heads
        for (let pixel = 0; pixel < b * h * w; pixel++) {
          for (let head = 0; head < heads; head++) {
            const from = pixel * c + head * width
            dx.set(d.subarray(from, from + width), pixel * fused + start(head))
          }
        }
      }),
  }))
}

/** Mean over all values of (x - target)^2; no gradient by the target. */
export function meanSquaredError(x: Tensor, target: Tensor): Scalar {
  return differentiable<Scalar>([x], (save) => {
    const [xs, ts] = [hostValues(x), hostValues(target)]
    let squares = 0
    for (let i = 0; i < xs.length; i++) squares += (xs[i]! - ts[i]!) ** 2
    save([x])
    return {
      value: scalar(squares / xs.length),
      gradFunc: (dy, [x]) => {
        const rate = (2 * hostValues(dy)[0]!) / x!.size
        return onHost([x!, target], x!.shape, (dx, xs, ts) => {
          for (let i = 0; i < dx.length; i++) dx[i] = rate * (xs[i]! - ts[i]!)
        })
      },
    }
  })
}
