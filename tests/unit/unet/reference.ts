/**
 * The operations of the U-Net once more, slowly: plain loops in float64 over flat NHWC arrays. Gradients are central
 * differences, good to about 1e-9 here.
 */
export type Values = Float64Array

/** Gradients of sum(f(inputs) * weighting) by every input. */
export function numericGradients(
  f: (inputs: Values[]) => Values,
  inputs: Values[],
  weighting: ArrayLike<number>,
): Values[] {
  const h = 1e-5
  const loss = () => f(inputs).reduce((sum, v, i) => sum + v * weighting[i]!, 0)
  return inputs.map((input) =>
    input.map((v, i) => {
      input[i] = v + h
      const up = loss()
      input[i] = v - h
      const down = loss()
      input[i] = v
      return (up - down) / (2 * h)
    }),
  )
}

/** x (B,S,S,C), filter (K,K,C,O), bias (O), zeros before and after each axis. */
export function conv(
  [x, filter, bias]: Values[],
  [b, s, c]: readonly number[],
  [k, o]: readonly number[],
  stride: number,
  [before, after]: readonly number[],
): Values {
  const size = Math.floor((s! + before! + after! - k!) / stride) + 1
  const out = new Float64Array(b! * size * size * o!)
  let at = 0
  for (let n = 0; n < b!; n++)
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        for (let to = 0; to < o!; to++, at++) {
          let sum = bias![to]!
          for (let u = 0; u < k!; u++)
            for (let v = 0; v < k!; v++) {
              const [y, z] = [i * stride + u - before!, j * stride + v - before!]
              if (y < 0 || y >= s! || z < 0 || z >= s!) continue
              for (let from = 0; from < c!; from++)
                sum +=
                  x![((n * s! + y) * s! + z) * c! + from]! * filter![((u * k! + v) * c! + from) * o! + to]!
            }
          out[at] = sum
        }
  return out
}

/** rows (R,C) times w (C,O) plus bias (O). */
export function rowsTimes([x, w, bias]: Values[], c: number, o: number): Values {
  return Float64Array.from({ length: (x!.length / c) * o }, (_, at) => {
    const [row, to] = [Math.floor(at / o), at % o]
    let sum = bias![to]!
    for (let i = 0; i < c; i++) sum += x![row * c + i]! * w![i * o + to]!
    return sum
  })
}

/** Group norm of x (B, pixels, C). */
export function norm(
  [x, gamma, beta]: Values[],
  b: number,
  c: number,
  groups: number,
  epsilon: number,
): Values {
  const image = x!.length / b
  const width = c / groups
  const groupOf = (i: number) => Math.floor(i / image) * groups + Math.floor((i % c) / width)
  const n = image / groups
  const [mean, variance] = [new Float64Array(b * groups), new Float64Array(b * groups)]
  for (const [i, v] of x!.entries()) mean[groupOf(i)]! += v / n
  for (const [i, v] of x!.entries()) variance[groupOf(i)]! += (v - mean[groupOf(i)]!) ** 2 / n
  return x!.map((v, i) => {
    const group = groupOf(i)
    return ((v - mean[group]!) / Math.sqrt(variance[group]! + epsilon)) * gamma![i % c]! + beta![i % c]!
  })
}

/** softmax(q k^T / sqrt(D)) v, head by head; q, k, v (B,T,C), D = C/heads. */
export function attend([q, k, v]: Values[], b: number, tokens: number, c: number, heads: number): Values {
  const d = c / heads
  const out = new Float64Array(q!.length)
  const at = (n: number, token: number, head: number, i: number) => (n * tokens + token) * c + head * d + i
  for (let n = 0; n < b; n++)
    for (let head = 0; head < heads; head++)
      for (let row = 0; row < tokens; row++) {
        const scores = Array.from({ length: tokens }, (_, column) => {
          let sum = 0
          for (let i = 0; i < d; i++) sum += q![at(n, row, head, i)]! * k![at(n, column, head, i)]!
          return Math.exp(sum / Math.sqrt(d))
        })
        const total = scores.reduce((sum, s) => sum + s, 0)
        for (let i = 0; i < d; i++)
          for (const [column, score] of scores.entries())
            out[at(n, row, head, i)]! += (score / total) * v![at(n, column, head, i)]!
      }
  return out
}
