/**
 * A pickle machine that cannot run anything. It knows the opcodes torch.save writes (protocols 2 to 5, Python's
 * Lib/pickletools.py) and builds inert records: a global is a name on the caller's lists, a call is that name with its arguments.
 * A name that is on no list, or called without being on the list of those that may be, ends the reading; nothing is ever
 * looked up, imported or called.
 * Shared and even self-containing values stay shared references, so a small file cannot unfold into a large value.
 */
import { type InputCode, InputError, printable } from './error'

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleCall
  | PersistentId

/** A dict or OrderedDict. Keys are compared as Map compares them; only text keys matter here. */
export type PickleDict = Map<PickleValue, PickleValue>

export class PickleTuple {
  readonly items: PickleValue[]
  constructor(items: PickleValue[]) {
    this.items = items
  }
}

/** A class or function by name, 'torch FloatStorage': module, space, qualified name. */
export class PickleGlobal {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** What a pickle asks to be called or made and with what; a record, never carried out. */
export class PickleCall {
  readonly callee: string
  readonly args: PickleValue[]
  constructor(callee: string, args: PickleValue[]) {
    this.callee = callee
    this.args = args
  }
}

/** Reference to something outside the pickle; torch uses it for storages. */
export class PersistentId {
  readonly id: PickleValue
  constructor(id: PickleValue) {
    this.id = id
  }
}

/** Writing one tensor down takes about 35 operations: enough for network, EMA, teacher and an optimizer's state. */
const maxOperations = 1_000_000
const maxStack = 100_000
const maxMarks = 1000
const maxIntegerBytes = 32
const orderedDict = 'collections OrderedDict'

/** Globals a pickle may name, as 'module name'. */
export type Globals = {
  /** May also be called; OrderedDict always may. */
  callable: ReadonlySet<string>
  /** May only be named, or be the class of an object whose contents are dropped. */
  isInert(name: string): boolean
}

export type Unpickled = {
  value: PickleValue
  /** Index after STOP. */
  end: number
  /** Everything the pickle refers to outside itself, in its order. */
  persistent: PersistentId[]
}

/**
 * Value of the pickle that starts at `bytes[start]`. `where` names file and record in errors.
 * Throws an InputError for anything a data-only pickle does not hold.
 */
export function unpickle(
  bytes: Uint8Array,
  globals: Globals,
  where: { file: string; item: string },
  start = 0,
): Unpickled {
  return new Machine(bytes, globals, where, start).run()
}

class Machine {
  private stack: PickleValue[] = []
  /** Stacks set aside by MARK, innermost last. */
  private readonly outer: PickleValue[][] = []
  private readonly memo = new Map<number, PickleValue>()
  private readonly view: DataView
  private at: number
  private readonly bytes: Uint8Array
  private readonly persistent: PersistentId[] = []
  private readonly globals: Globals
  private readonly where: { file: string; item: string }

  constructor(bytes: Uint8Array, globals: Globals, where: { file: string; item: string }, start: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.globals = globals
    this.where = where
    this.at = start
  }

  run(): Unpickled {
    for (let i = 0; i < maxOperations; i++) {
      const op = this.bytes[this.advance(1)]!
      if (op === 0x2e) return { value: this.pop(), end: this.at, persistent: this.persistent } // STOP
      const value = this.step(op)
      if (value !== undefined) this.push(value)
    }
    throw this.fault(`it takes more than ${maxOperations} operations`, 'too_large')
  }

  /** Carries out one opcode; what it returns goes on the stack. */
  private step(op: number): PickleValue | undefined {
    switch (op) {
      case 0x80: // PROTO
        this.protocol(this.uint(1))
        return
      case 0x95: // FRAME
        this.frame(this.uint(8))
        return
      case 0x28: // MARK
        this.mark()
        return
      case 0x30: // POP
        this.pop()
        return
      case 0x31: // POP_MARK
        this.sinceMark()
        return
      case 0x32: // DUP
        return this.top()

      case 0x4e: // NONE
        return null
      case 0x88: // NEWTRUE
        return true
      case 0x89: // NEWFALSE
        return false
      case 0x4a: // BININT
        return this.view.getInt32(this.advance(4), true)
      case 0x4b: // BININT1
        return this.uint(1)
      case 0x4d: // BININT2
        return this.uint(2)
      case 0x8a: // LONG1
        return this.integer(this.uint(1))
      case 0x8b: // LONG4
        return this.integer(this.uint(4))
      case 0x47: // BINFLOAT, the one big-endian field
        return this.view.getFloat64(this.advance(8), false)

      case 0x58: // BINUNICODE
        return this.text(this.uint(4))
      case 0x8c: // SHORT_BINUNICODE
        return this.text(this.uint(1))
      case 0x8d: // BINUNICODE8
        return this.text(this.uint(8))
      case 0x55: // SHORT_BINSTRING, what Python 2 writes for names
        return this.text(this.uint(1))
      case 0x54: // BINSTRING
        return this.text(this.uint(4))
      case 0x43: // SHORT_BINBYTES
        return this.slice(this.uint(1))
      case 0x42: // BINBYTES
        return this.slice(this.uint(4))

      case 0x5d: // EMPTY_LIST
        return []
      case 0x6c: // LIST
        return this.sinceMark()
      case 0x7d: // EMPTY_DICT
        return new Map()
      case 0x64: // DICT
        return this.setItems(new Map(), this.sinceMark())
      case 0x29: // EMPTY_TUPLE
        return new PickleTuple([])
      case 0x74: // TUPLE
        return new PickleTuple(this.sinceMark())
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return new PickleTuple(this.popMany(op - 0x84))

      case 0x61: // APPEND
        this.append([this.pop()])
        return
      case 0x65: // APPENDS
        this.append(this.sinceMark())
        return
      case 0x73: // SETITEM
        this.setOnTop(this.popMany(2))
        return
      case 0x75: // SETITEMS
        this.setOnTop(this.sinceMark())
        return

      case 0x71: // BINPUT
        this.memo.set(this.uint(1), this.top())
        return
      case 0x72: // LONG_BINPUT
        this.memo.set(this.uint(4), this.top())
        return
      case 0x94: // MEMOIZE
        this.memo.set(this.memo.size, this.top())
        return
      case 0x68: // BINGET
        return this.remembered(this.uint(1))
      case 0x6a: // LONG_BINGET
        return this.remembered(this.uint(4))

      case 0x63: // GLOBAL
        return this.global(this.line(), this.line())
      case 0x93: // STACK_GLOBAL
        return this.stackGlobal()
      case 0x51: // BINPERSID
        return this.refer(this.pop())
      case 0x52: // REDUCE
        return this.reduce()
      case 0x81: // NEWOBJ
        return this.inertObject(op)
      case 0x62: // BUILD
        this.build()
        return
      default:
        throw this.unknown(op)
    }
  }

  private unknown(op: number): InputError {
    const shown = `0x${op.toString(16).padStart(2, '0')}`
    return this.fault(
      `opcode ${shown} at byte ${this.at - 1} builds objects a state dict does not have`,
      'code',
    )
  }

  private refer(id: PickleValue): PersistentId {
    const reference = new PersistentId(id)
    this.persistent.push(reference)
    return reference
  }

  /** Only says how far to read ahead, but not beyond the end. */
  private frame(length: number): void {
    if (length > this.bytes.length - this.at) throw this.fault('a frame reaches beyond the end', 'truncated')
  }

  private protocol(version: number): void {
    if (version > 5) throw this.fault(`protocol ${version} is unknown`)
  }

  private mark(): void {
    if (this.outer.length >= maxMarks) throw this.fault(`it is nested deeper than ${maxMarks} levels`)
    this.outer.push(this.stack)
    this.stack = []
  }

  private sinceMark(): PickleValue[] {
    const items = this.stack
    const before = this.outer.pop()
    if (!before) throw this.fault(`a mark is missing at byte ${this.at - 1}`)
    this.stack = before
    return items
  }

  private push(value: PickleValue): void {
    if (this.stack.length >= maxStack) throw this.fault(`its stack grows beyond ${maxStack} values`)
    this.stack.push(value)
  }

  private pop(): PickleValue {
    const value = this.stack.pop()
    if (value === undefined) throw this.underflow()
    return value
  }

  private top(): PickleValue {
    const value = this.stack.at(-1)
    if (value === undefined) throw this.underflow()
    return value
  }

  private popMany(n: number): PickleValue[] {
    if (this.stack.length < n) throw this.underflow()
    return this.stack.splice(-n)
  }

  private underflow(): InputError {
    return this.fault(`its stack is empty at byte ${this.at - 1} where a value is needed`)
  }

  private remembered(index: number): PickleValue {
    const value = this.memo.get(index)
    if (value === undefined) throw this.fault(`it recalls value ${index}, which it never kept`)
    return value
  }

  private append(items: PickleValue[]): void {
    const list = this.top()
    if (!Array.isArray(list))
      throw this.fault(`it appends to something that is no list at byte ${this.at - 1}`)
    for (const item of items) list.push(item)
  }

  private setOnTop(items: PickleValue[]): void {
    const dict = this.top()
    if (dict instanceof PickleCall) return // a dict of a class of its own: its contents are dropped
    if (!(dict instanceof Map))
      throw this.fault(`it sets items of something that is no dict at byte ${this.at - 1}`)
    this.setItems(dict, items)
  }

  private setItems(dict: PickleDict, items: PickleValue[]): PickleDict {
    if (items.length % 2 !== 0) throw this.fault(`a key has no value at byte ${this.at - 1}`)
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!)
    return dict
  }

  private stackGlobal(): PickleGlobal {
    const [module, name] = this.popMany(2)
    if (typeof module !== 'string' || typeof name !== 'string') throw this.fault('a global has no name')
    return this.global(module, name)
  }

  private global(module: string, name: string): PickleGlobal {
    const full = `${module} ${name}`
    if (this.mayCall(full) || this.globals.isInert(full)) return new PickleGlobal(full)
    throw this.refusal(`${module}.${name}`)
  }

  private mayCall(name: string): boolean {
    return name === orderedDict || this.globals.callable.has(name)
  }

  private refusal(name: string): InputError {
    return new InputError({
      ...this.where,
      problem: `refused, it uses ${printable(name, 60)}, which is more than tensors`,
      remedy: 'Save it with safetensors, or as a plain model.state_dict().',
      code: 'code',
    })
  }

  /** An object of an inert class: what it is made of is dropped. */
  private inertObject(op: number): PickleCall {
    const [callee, args] = this.popMany(2)
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple)) throw this.unknown(op)
    if (!this.globals.isInert(callee.name)) throw this.unknown(op)
    return new PickleCall(callee.name, [])
  }

  private reduce(): PickleValue {
    const [callee, args] = this.popMany(2)
    if (!(callee instanceof PickleGlobal) || !(args instanceof PickleTuple))
      throw this.fault(`it calls something that is not a named function at byte ${this.at - 1}`)
    if (!this.mayCall(callee.name)) throw this.refusal(callee.name.replace(' ', '.'))
    if (callee.name !== orderedDict) return new PickleCall(callee.name, args.items)
    const pairs = args.items[0] ?? []
    if (!Array.isArray(pairs) || args.items.length > 1)
      throw this.fault('an OrderedDict is not made from pairs')
    return this.setItems(
      new Map(),
      pairs.flatMap((pair) => this.pair(pair)),
    )
  }

  private pair(pair: PickleValue): PickleValue[] {
    const items = pair instanceof PickleTuple ? pair.items : pair
    if (!Array.isArray(items) || items.length !== 2) throw this.fault('an OrderedDict is not made from pairs')
    return items
  }

  /** Attributes set on a dict or a call (a state dict's _metadata) say nothing about its tensors. */
  private build(): void {
    this.pop()
    const target = this.top()
    if (!(target instanceof Map || target instanceof PickleCall))
      throw this.fault(`it sets attributes of a plain value at byte ${this.at - 1}`)
  }

  /** Index of the next n bytes, which are then passed over. */
  private advance(n: number): number {
    const from = this.at
    if (n > this.bytes.length - from)
      throw this.fault(`it ends too early, at byte ${this.bytes.length}`, 'truncated')
    this.at += n
    return from
  }

  private uint(bytes: 1 | 2 | 4 | 8): number {
    const at = this.advance(bytes)
    if (bytes === 1) return this.view.getUint8(at)
    if (bytes === 2) return this.view.getUint16(at, true)
    if (bytes === 4) return this.view.getUint32(at, true)
    return Number(this.view.getBigUint64(at, true)) // a length; inexact ones leave the file anyway
  }

  /** Little-endian two's complement of n bytes; a bigint only where a number would not be exact. */
  private integer(n: number): number | bigint {
    if (n > maxIntegerBytes) throw this.fault(`an integer of ${n} bytes is out of proportion`)
    let value = 0n
    for (const byte of this.slice(n).reverse()) value = (value << 8n) | BigInt(byte)
    value = BigInt.asIntN(8 * n, value)
    const small = Number(value)
    return Number.isSafeInteger(small) ? small : value
  }

  private text(n: number): string {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.slice(n))
    } catch (error) {
      throw error instanceof InputError ? error : this.fault(`text that is not UTF-8 ends at byte ${this.at}`)
    }
  }

  /** A copy of the next n bytes. */
  private slice(n: number): Uint8Array {
    const from = this.advance(n)
    return this.bytes.slice(from, from + n)
  }

  private line(): string {
    const end = this.bytes.indexOf(0x0a, this.at)
    if (end < 0) throw this.fault('a name does not end', 'truncated')
    const line = this.text(end - this.at)
    this.at++
    return line
  }

  private fault(problem: string, code: InputCode = 'damaged'): InputError {
    return new InputError({
      ...this.where,
      problem: `the pickle cannot be read: ${problem}`,
      remedy: 'Save it again as a plain state dict, or with safetensors.',
      code,
    })
  }
}
