/**
 * Just enough of a DEFLATE writer (RFC 1951) to make the same archive on every machine: one block of fixed Huffman
 * codes, literals and repeats of the last byte.
 */

/** Bits are packed from the low end of each byte; Huffman codes go in from their high end. */
class BitWriter {
  private readonly bytes: number[] = []
  private bits = 0
  private count = 0

  write(value: number, length: number): void {
    for (let i = 0; i < length; i++) {
      this.bits |= ((value >> i) & 1) << this.count
      if (++this.count === 8) this.flush()
    }
  }

  huffman(code: number, length: number): void {
    for (let i = length - 1; i >= 0; i--) this.write(code >> i, 1)
  }

  /** Fills the byte up. */
  align(): void {
    if (this.count > 0) this.flush()
  }

  end(): Uint8Array {
    this.align()
    return Uint8Array.from(this.bytes)
  }

  private flush(): void {
    this.bytes.push(this.bits)
    this.bits = 0
    this.count = 0
  }
}

export function deflate(bytes: Uint8Array): Uint8Array {
  const out = new BitWriter()
  out.write(0b011, 3) // last block, fixed codes
  for (let i = 0; i < bytes.length; ) {
    let run = 0
    while (i > 0 && run < 258 && i + run < bytes.length && bytes[i + run] === bytes[i - 1]) run++
    if (run === 258) {
      symbol(out, 285)
      out.huffman(0, 5) // distance 1
      i += 258
    } else if (run >= 3) {
      symbol(out, 257) // length 3
      out.huffman(0, 5)
      i += 3
    } else symbol(out, bytes[i++]!)
  }
  symbol(out, 256)
  return out.end()
}

/**
 * `start`, then 258 zeros `repeats` times at two bits each, 1032 to 1, the best DEFLATE can do: a stored block, then one
 * whose own Huffman codes are one bit for "258 bytes" and one bit for "from 1 back".
 */
export function deflateBomb(start: Uint8Array, repeats: number): Uint8Array {
  const out = new BitWriter()
  out.write(0b000, 3) // a stored block, not the last
  out.align()
  out.write(start.length, 16)
  out.write(~start.length & 0xffff, 16)
  for (const byte of start) out.write(byte, 8)
  out.write(0b101, 3) // last block, codes of its own
  out.write(286 - 257, 5)
  out.write(0, 5)
  out.write(18 - 4, 4)
  // Code lengths of the code lengths, in the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1: 18 has 1 bit, 2 and 1 have 2.
  for (const length of [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2]) out.write(length, 3)
  const zeros = (n: number) => {
    out.huffman(0b0, 1)
    out.write(n - 11, 7)
  }
  out.huffman(0b11, 2) // literal 0 has 2 bits
  zeros(138)
  zeros(117)
  out.huffman(0b11, 2) // the end has 2
  zeros(28)
  out.huffman(0b10, 2) // 258 bytes has 1
  out.huffman(0b10, 2) // distance 1 has 1
  out.huffman(0b10, 2) // a literal 0
  for (let i = 0; i < repeats; i++) out.huffman(0b00, 2)
  out.huffman(0b11, 2)
  return out.end()
}

/** The fixed code of a literal (0-255), the end (256) or a length (257-285). */
function symbol(out: BitWriter, value: number): void {
  if (value < 144) out.huffman(0x30 + value, 8)
  else if (value < 256) out.huffman(0x190 + value - 144, 9)
  else if (value < 280) out.huffman(value - 256, 7)
  else out.huffman(0xc0 + value - 280, 8)
}
