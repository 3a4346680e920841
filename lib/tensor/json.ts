/**
 * A strict JSON reader for headers that decide over byte ranges. JSON.parse hides two things that matter there:
 * a key that comes twice (the last one wins silently) and how a number was written (2.0 and 1e3 pass for integers).
 * The caller walks the text in its own order and keeps what it wants; no object is ever keyed by text from a file.
 */
import { printable } from './error'

/** Deepest nesting followed, as in the reference reader of safetensors. */
const maxDepth = 128

export class JsonReader {
  private at = 0
  private depth = 0
  private readonly text: string
  /** Makes the error to throw from a description of the fault. */
  private readonly fault: (problem: string) => Error

  constructor(text: string, fault: (problem: string) => Error) {
    this.text = text
    this.fault = fault
  }

  /** Reads an object; `visit` must read the value of each key. A key that comes twice is a fault. */
  object(visit: (key: string) => void): void {
    const seen = new Set<string>()
    this.enter('{')
    if (!this.take('}')) {
      do {
        const key = this.string()
        if (seen.has(key)) throw this.fault(`the key "${printable(key)}" comes twice`)
        seen.add(key)
        this.expect(':')
        visit(key)
      } while (this.take(','))
      this.expect('}')
    }
    this.depth--
  }

  /** Reads an array; `visit` must read each element. */
  array(visit: () => void): void {
    this.enter('[')
    if (!this.take(']')) {
      do visit()
      while (this.take(','))
      this.expect(']')
    }
    this.depth--
  }

  /** An integer written as one: digits only, no sign, fraction or exponent, at most 2^53 - 1. */
  unsigned(): number {
    const token = this.match(/-?[0-9][0-9.eE+-]*/y)
    if (token === '') throw this.unexpected('an unsigned integer')
    const value = Number(token)
    if (!/^(0|[1-9][0-9]*)$/.test(token) || !Number.isSafeInteger(value))
      throw this.fault(`${printable(token, 30)} is not an unsigned integer below 2^53`)
    return value
  }

  string(): string {
    this.expect('"')
    let out = ''
    let from = this.at
    for (;;) {
      const c = this.text.charCodeAt(this.at)
      if (c === 0x22) break
      if (Number.isNaN(c)) throw this.fault('a string does not end')
      if (c < 0x20) throw this.fault(`a control character stands in a string at character ${this.at}`)
      if (c !== 0x5c) {
        this.at++
        continue
      }
      out += this.text.slice(from, this.at)
      this.at++
      out += this.escape()
      from = this.at
    }
    out += this.text.slice(from, this.at)
    this.at++
    return out
  }

  /** Reads any value and forgets it. */
  skip(): void {
    const c = this.next()
    if (c === '{') this.object(() => this.skip())
    else if (c === '[') this.array(() => this.skip())
    else if (c === '"') this.string()
    else if (this.match(/true|false|null|-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y) === '')
      throw this.unexpected('a value')
  }

  /** The text must end here but for white space. */
  end(): void {
    if (this.next() !== '') throw this.unexpected('the end')
  }

  private enter(open: string): void {
    this.expect(open)
    if (++this.depth > maxDepth) throw this.fault(`it is nested deeper than ${maxDepth} levels`)
  }

  /** The next character that is not white space; '' at the end. */
  private next(): string {
    while (' \t\n\r'.includes(this.text[this.at] ?? '?')) this.at++
    return this.text[this.at] ?? ''
  }

  private take(c: string): boolean {
    if (this.next() !== c) return false
    this.at++
    return true
  }

  private expect(c: string): void {
    if (!this.take(c)) throw this.unexpected(c)
  }

  private match(sticky: RegExp): string {
    this.next()
    sticky.lastIndex = this.at
    const token = sticky.exec(this.text)?.[0] ?? ''
    this.at += token.length
    return token
  }

  private escape(): string {
    const c = this.text[this.at++] ?? ''
    const plain = '"\\/bfnrt'.indexOf(c)
    if (c !== '' && plain >= 0) return '"\\/\b\f\n\r\t'[plain]!
    if (c !== 'u') throw this.fault(`an unknown escape stands at character ${this.at - 1}`)
    const unit = this.hex()
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit)
    const low = unit < 0xdc00 && this.text.startsWith('\\u', this.at)
    if (low) this.at += 2
    const second = low ? this.hex() : 0
    if (second < 0xdc00 || second > 0xdfff) throw this.fault('half of a surrogate pair stands alone')
    return String.fromCharCode(unit, second)
  }

  private hex(): number {
    const digits = this.text.slice(this.at, this.at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits))
      throw this.fault(`a \\u escape at character ${this.at} is not four hex digits`)
    this.at += 4
    return Number.parseInt(digits, 16)
  }

  private unexpected(wanted: string): Error {
    const found = this.next()
    return this.fault(
      `${wanted} is expected at character ${this.at}, found ${found ? printable(found) : 'the end'}`,
    )
  }
}
