/**
 * A binarized layer in WGSL, in two passes. Codes q of the input, -8 to 7, lie as the four bits of their two's complement, 32 channels to
 * a word and four words together; weights w are +1 where a bit of s is set, else -1. For every 32 products
 *
 *   sum w q = sum over bits i of place[i] * (2 count(s & b[i]) - count(b[i])),  place = 1, 2, 4, -8
 *
 * where b[i] are the bits i of the codes and count counts those set. All of it is whole numbers. A code of 0 has no bit
 * set, so that padding and channels behind the last are words of zeros and nothing has to be put right for them.
 *
 * Counting bits takes no more than WGSL's core, and leaves the weights at one bit all the way; a dot product of
 * packed bytes (dot4I8Packed) would need them unpacked to eight and is not to be had everywhere.
 */

/** Outputs or words, columns, rows of a workgroup. */
export const workgroup = [8, 8, 1] as const

const entry = `@compute @workgroup_size(${workgroup.join(', ')})`

/**
 * Floats of an image to the bits of their codes, in a grid with room for the padding. Invocation: 32 channels, column, row. What is
 * outside of the image is never written: buffers begin as zeros.
 */
export const quantizeShader = /* wgsl */ `
override channels: u32;
override words: u32;
override width: u32;
override height: u32;
override gridWidth: u32;
override padding: u32;
/** -1 for a negative step, under which codes fall as x grows. */
override direction: i32;

/** The bits of floats, which no GPU may round or take for something else. */
@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> thresholds: array<i32, 15>;
@group(0) @binding(2) var<storage, read_write> codes: array<vec4<u32>>;

/** The four bits of the code, by bisection of the thresholds. */
fn codeBits(float: u32) -> vec4<u32> {
  let size = i32(float & 0x7fffffffu);
  let place = direction * select(size, -size, float >> 31 == 1);
  // counted from -8 it is a number from 0 to 15 whose highest bit is the opposite of two's complement's
  let b3 = u32(place >= thresholds[7]);
  let b2 = u32(place >= thresholds[8 * b3 + 3]);
  let b1 = u32(place >= thresholds[8 * b3 + 4 * b2 + 1]);
  let b0 = u32(place >= thresholds[8 * b3 + 4 * b2 + 2 * b1]);
  return vec4(b0, b1, b2, 1 - b3);
}

${entry}
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= words || id.y >= width || id.z >= height) { return; }
  let first = (id.z * width + id.y) * channels + 32 * id.x;
  let count = min(32, channels - 32 * id.x);
  var bits = vec4<u32>();
  for (var i = 0u; i < count; i++) {
    bits |= codeBits(x[first + i]) << vec4(i);
  }
  codes[((id.z + padding) * gridWidth + id.y + padding) * words + id.x] = bits;
}
`

/**
 * Sums of products over the kernel, of each basis by itself, then y = sum over bases of scale * sum, plus bias. Invocation: four outputs,
 * column, row of y.
 */
export const sumShader = /* wgsl */ `
override words: u32;
override gridWidth: u32;
override kernel: u32;
override stride: u32;
override width: u32;
override height: u32;
override outputs: u32;
override bases: u32;

@group(0) @binding(0) var<storage, read> codes: array<vec4<u32>>;
/** [basis][kernel row][kernel column][32 channels][four outputs], a word for each output. */
@group(0) @binding(1) var<storage, read> signs: array<vec4<u32>>;
/** Scale of each basis, then the bias, for all outputs. */
@group(0) @binding(2) var<storage, read> coefficients: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn total(counts: vec4<u32>) -> i32 {
  return dot(vec4<i32>(counts), vec4(1, 2, 4, -8));
}

${entry}
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let fours = (outputs + 3) / 4;
  if (id.x >= fours || id.y >= width || id.z >= height) { return; }
  let corner = (id.z * stride * gridWidth + id.y * stride) * words;
  // the words of a row of the kernel lie one behind the other, in the grid as in the weights
  let run = kernel * words;
  var result = coefficients[bases * fours + id.x];
  for (var basis = 0u; basis < bases; basis++) {
    var counts = array<vec4<u32>, 4>();
    var all = vec4<u32>();
    for (var row = 0u; row < kernel; row++) {
      let begin = corner + row * gridWidth * words;
      let weights = (basis * kernel + row) * run * fours + id.x;
      for (var i = 0u; i < run; i++) {
        let bits = codes[begin + i];
        let s = signs[weights + i * fours];
        all += countOneBits(bits);
        counts[0] += countOneBits(bits & vec4(s.x));
        counts[1] += countOneBits(bits & vec4(s.y));
        counts[2] += countOneBits(bits & vec4(s.z));
        counts[3] += countOneBits(bits & vec4(s.w));
      }
    }
    let met = vec4(total(counts[0]), total(counts[1]), total(counts[2]), total(counts[3]));
    result += coefficients[basis * fours + id.x] * vec4<f32>(2 * met - total(all));
  }
  let first = (id.z * width + id.y) * outputs + 4 * id.x;
  let count = min(4, outputs - 4 * id.x);
  for (var o = 0u; o < count; o++) {
    y[first + o] = result[o];
  }
}
`
