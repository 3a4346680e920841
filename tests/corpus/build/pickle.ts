/** A pickle assembler: opcodes by the names of Python's pickletools, arguments as they stand in the stream. */
import { concat, little, type Part, utf8 } from './bytes'

const counted = (code: number, width: number) => (text: Part, length?: number | bigint) => {
  const body = concat(text)
  return concat([code], little(length ?? body.length, width), body)
}
const line =
  (code: string) =>
  (...lines: string[]) =>
    concat(code, lines.map((text) => `${text}\n`).join(''))

export const op = {
  PROTO: (version: number) => concat([0x80, version]),
  FRAME: (length: number | bigint) => concat([0x95], little(length, 8)),
  STOP: concat('.'),
  MARK: concat('('),
  POP: concat('0'),
  POP_MARK: concat('1'),
  DUP: concat('2'),

  NONE: concat('N'),
  NEWTRUE: concat([0x88]),
  NEWFALSE: concat([0x89]),
  INT: line('I'),
  LONG: line('L'),
  FLOAT: line('F'),
  BININT: (n: number) => concat('J', little(n, 4)),
  BININT1: (n: number) => concat('K', [n]),
  BININT2: (n: number) => concat('M', little(n, 2)),
  LONG1: (n: bigint, bytes = 16) => concat([0x8a, bytes], little(n, bytes)),
  LONG4: (n: bigint, bytes = 16, length: number = bytes) =>
    concat([0x8b], little(length, 4), little(n, bytes)),
  BINFLOAT: (x: number) => {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setFloat64(0, x)
    return concat('G', bytes)
  },

  STRING: line('S'),
  UNICODE: line('V'),
  SHORT_BINSTRING: counted(0x55, 1),
  BINSTRING: counted(0x54, 4),
  SHORT_BINUNICODE: counted(0x8c, 1),
  BINUNICODE: counted(0x58, 4),
  BINUNICODE8: counted(0x8d, 8),
  SHORT_BINBYTES: counted(0x43, 1),
  BINBYTES: counted(0x42, 4),
  BINBYTES8: counted(0x8e, 8),
  BYTEARRAY8: counted(0x96, 8),
  NEXT_BUFFER: concat([0x97]),
  READONLY_BUFFER: concat([0x98]),

  EMPTY_LIST: concat(']'),
  LIST: concat('l'),
  APPEND: concat('a'),
  APPENDS: concat('e'),
  EMPTY_TUPLE: concat(')'),
  TUPLE: concat('t'),
  TUPLE1: concat([0x85]),
  TUPLE2: concat([0x86]),
  TUPLE3: concat([0x87]),
  EMPTY_DICT: concat('}'),
  DICT: concat('d'),
  SETITEM: concat('s'),
  SETITEMS: concat('u'),
  EMPTY_SET: concat([0x8f]),
  ADDITEMS: concat([0x90]),
  FROZENSET: concat([0x91]),

  GET: line('g'),
  PUT: line('p'),
  BINGET: (i: number) => concat('h', [i]),
  BINPUT: (i: number) => concat('q', [i]),
  LONG_BINGET: (i: number) => concat('j', little(i, 4)),
  LONG_BINPUT: (i: number) => concat('r', little(i, 4)),
  MEMOIZE: concat([0x94]),

  GLOBAL: (module: string, name: string) => line('c')(module, name),
  STACK_GLOBAL: concat([0x93]),
  REDUCE: concat('R'),
  BUILD: concat('b'),
  INST: (module: string, name: string) => line('i')(module, name),
  OBJ: concat('o'),
  NEWOBJ: concat([0x81]),
  NEWOBJ_EX: concat([0x92]),
  EXT1: (code: number) => concat([0x82, code]),
  EXT2: (code: number) => concat([0x83], little(code, 2)),
  EXT4: (code: number) => concat([0x84], little(code, 4)),
  PERSID: line('P'),
  BINPERSID: concat('Q'),
}

/** A pickle of protocol 2 with these opcodes. */
export function pickle(...ops: Part[]): Uint8Array {
  return concat(op.PROTO(2), ...ops, op.STOP)
}

/** Opcodes of text. */
export function text(value: string): Uint8Array {
  return op.BINUNICODE(utf8(value))
}

/** Opcodes of an integer, in whatever form holds it. */
export function integer(n: number | bigint): Uint8Array {
  return typeof n === 'number' && n === (n | 0) ? op.BININT(n) : op.LONG1(BigInt(n))
}

export function tuple(...items: Part[]): Uint8Array {
  return concat(op.MARK, ...items, op.TUPLE)
}

/** A call of `module.name` with these arguments, as REDUCE asks for it. */
export function call(module: string, name: string, ...args: Part[]): Uint8Array {
  return concat(op.GLOBAL(module, name), tuple(...args), op.REDUCE)
}

export function dict(items: readonly (readonly [key: Part, value: Part])[]): Uint8Array {
  return concat(op.EMPTY_DICT, op.MARK, ...items.flat(), op.SETITEMS)
}
