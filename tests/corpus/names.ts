/** Names of tensors that are something else to a browser, a shell, a file system or an object. */
import { f32 } from './build/bytes'
import { entry, header, safetensors } from './build/safetensors'
import { plain, stateDict, torchZip } from './build/torch'
import { type Case, read, refused, t } from './case'

/** 54 KB: a letter with 27,000 marks stacked on it. */
export const zalgo = `a${'\u0301\u0336\u0489'.repeat(9000)}`

const names: [file: string, names: string[]][] = [
  ['prototype', ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf']],
  ['proto-path', ['__proto__.polluted', 'constructor.prototype.polluted', 'a.__proto__.b']],
  ['markup', ['<img src=x onerror=alert(1)>', '</script><script>alert(1)</script>', '{{7*7}}', '&lt;b&gt;']],
  ['paths', ['../../etc/passwd', '/etc/passwd', '..\\..\\windows\\win.ini', 'C:\\x', 'file:///etc/passwd']],
  ['shell', ['$(echo corpus)', '`echo corpus`', '; echo corpus', '| echo corpus', '%s%n', '-rf', '--help']],
  ['sql', ["'; DROP TABLE Run; --", '" OR ""="', '\\', "'"]],
  ['right-to-left', ['\u202egpj.evil', 'conv\u200bweight', '\u2066a\u2069', '\ufeffweight']],
  ['zalgo', [zalgo]],
  ['look-alikes', ['a', '\u0430', '\uff41', '\u00e9', 'e\u0301', '\u212b', '\u00c5', 'A\u030a']],
  ['empty', ['']],
  ['blank', [' ', '\u00a0', '\t', '\n', '\u2028', '.', '..', '/']],
  ['control', ['\u0001', '\u001b[31mred', 'a\rb', '\u007f', '\u0085', 'a\0b']],
  ['numbers', ['10', '9', '0', '-1', '1e3', 'NaN', 'Infinity', 'null', 'undefined', 'true']],
  ['emoji', ['\u{1f409}', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{e0041}']],
  ['private-use', ['\ue000', '\uffff', '\ufffe', '\u{10ffff}']],
]

const tensors = (list: string[]) => list.map((name, i) => t(name, [1], [i + 1]))

export const oddNames: Case[] = [
  ...names.map(([file, list]) =>
    read(`names-${file}.safetensors`, tensors(list), () =>
      safetensors(
        header(...list.map((name, i) => entry(name, 'F32', [1], [4 * i, 4 * i + 4]))),
        f32(...list.map((_, i) => i + 1)),
      ),
    ),
  ),
  ...names.map(([file, list]) =>
    read(`names-${file}.pt`, tensors(list), () =>
      torchZip(
        stateDict(list.map((name, i) => [name, plain(String(i), [1])])),
        list.map((_, i) => [String(i), Float32Array.of(i + 1)]),
      ),
    ),
  ),
  // A name in an error is cut, and cannot move the cursor of a terminal.
  ...names
    .slice(0, 13)
    .map(([file, list]) =>
      refused(`names-${file}-refused.safetensors`, 'takes 8 bytes', () =>
        safetensors(header(entry(list[0]!, 'F32', [2], [0, 4])), f32(1)),
      ),
    ),
]
