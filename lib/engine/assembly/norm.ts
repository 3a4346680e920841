/** Group normalisation as a*x + b per channel, so that whoever reads x next applies it on the way. */

/**
 * Sums and squares of channels [first, last) of x (pixels, C), `stride` floats from pixel to pixel, as doubles:
 * `sums` holds C of them and C squares behind, both with room up to a multiple of 4.
 */
export function channelSums(x: usize, stride: i32, pixels: i32, channels: i32, sums: usize, first: i32, last: i32): void {
  const bytes = <usize>stride << 2
  const squares = sums + (<usize>((channels + 3) & ~3) << 3)
  // in fours: threads share out fours of channels
  for (let c = first << 2; c < min(last << 2, channels); c += 4) {
    let s0 = f64x2.splat(0)
    let s1 = f64x2.splat(0)
    let q0 = f64x2.splat(0)
    let q1 = f64x2.splat(0)
    let from = x + (<usize>c << 2)
    for (let pixel = 0; pixel < pixels; pixel++) {
      const v = v128.load(from)
      const low = f64x2.promote_low_f32x4(v)
      const high = f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15))
      s0 = f64x2.add(s0, low)
      s1 = f64x2.add(s1, high)
      q0 = f64x2.add(q0, f64x2.mul(low, low))
      q1 = f64x2.add(q1, f64x2.mul(high, high))
      from += bytes
    }
    const at = <usize>c << 3
    v128.store(sums + at, s0)
    v128.store(sums + at, s1, 16)
    v128.store(squares + at, q0)
    v128.store(squares + at, q1, 16)
  }
}

/**
 * a = gamma / sqrt(var + epsilon) and b = beta - mean * a of each channel to `affine`, from channelSums; where `shift` is given
 * (scale, then shift, C floats each: a time embedding), a*x + b is multiplied by 1 + scale and shift is added.
 * Both parts have room up to a multiple of 16. Sets the integer at `fault` to 1 if a value is not finite: codes
 * would not show it.
 */
export function groupAffine(
  sums: usize,
  pixels: i32,
  channels: i32,
  groups: i32,
  epsilon: f64,
  gamma: usize,
  beta: usize,
  shift: usize,
  affine: usize,
  fault: usize,
): void {
  const squares = sums + (<usize>((channels + 3) & ~3) << 3)
  const second = affine + (<usize>((channels + 15) & ~15) << 2)
  const width = channels / groups
  const n = <f64>pixels * <f64>width
  for (let start = 0; start < channels; start += width) {
    let sum: f64 = 0
    let square: f64 = 0
    for (let c = start; c < start + width; c++) {
      sum += load<f64>(sums + (<usize>c << 3))
      square += load<f64>(squares + (<usize>c << 3))
    }
    const mean = sum / n
    const rate = 1 / sqrt<f64>(max<f64>(0, square / n - mean * mean) + epsilon)
    if (!isFinite(mean * rate)) store<i32>(fault, 1)
    for (let c = start; c < start + width; c++) {
      const at = <usize>c << 2
      let a = <f64>load<f32>(gamma + at) * rate
      let b = <f64>load<f32>(beta + at) - mean * a
      if (shift) {
        const scale = 1 + <f64>load<f32>(shift + at)
        a *= scale
        b = b * scale + <f64>load<f32>(shift + (<usize>channels << 2) + at)
      }
      store<f32>(affine + at, <f32>a)
      store<f32>(second + at, <f32>b)
    }
  }
}
