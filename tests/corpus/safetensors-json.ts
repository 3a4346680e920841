/** Headers that JSON.parse would take, or that another JSON reader would read differently. */
import { concat, f32, utf8 } from './build/bytes'
import { entry, header, safetensors } from './build/safetensors'
import { type Case, read, refused, t } from './case'

const data = f32(1, 2)
const w = entry('w', 'F32', [2], [0, 8])
const values = [t('w', [2], [1, 2])]

const bad = (file: string, says: string, text: string | Uint8Array) =>
  refused(`json-${file}.safetensors`, says, () => safetensors(text, data))
const good = (file: string, text: string) =>
  read(`json-${file}.safetensors`, values, () => safetensors(text, data))
/** The one entry with its fields as given. */
const fields = (text: string) => `{"w":{${text}}}`

export const safetensorsJson: Case[] = [
  bad('byte-order-mark', 'cannot be read', concat([0xef, 0xbb, 0xbf], header(w))),
  bad('nul-after', 'cannot be read', `${header(w)}\0\0\0`),
  bad('nul-in-name', 'control character', header(w.replace('"w"', '"w\0"'))),
  bad('newline-in-name', 'control character', header(w.replace('"w"', '"w\n"'))),
  bad('utf-16', 'cannot be read', Uint8Array.from([...header(w)].flatMap((c) => [c.charCodeAt(0), 0]))),
  bad('latin-1', 'UTF-8', concat('{"w', [0xe9], header(w).slice(3))),
  bad('overlong-utf-8', 'UTF-8', concat('{"w', [0xc0, 0xaf], header(w).slice(3))),
  bad('surrogate-in-utf-8', 'UTF-8', concat('{"w', [0xed, 0xa0, 0x80], header(w).slice(3))),
  bad('lone-surrogate', 'surrogate', header(w.replace('"w"', '"\\ud800"'))),
  bad('surrogates-swapped', 'surrogate', header(w.replace('"w"', '"\\udc00\\ud800"'))),
  bad('unknown-escape', 'unknown escape', header(w.replace('"w"', '"\\x77"'))),
  bad('short-escape', 'hex digits', header(w.replace('"w"', '"\\u77"'))),
  bad('duplicate-name', 'comes twice', header(w, w)),
  bad('duplicate-name-escaped', 'comes twice', header(w, w.replace('"w"', '"\\u0077"'))),
  bad('duplicate-name-other-span', 'comes twice', header(w, entry('w', 'F32', [0], [8, 8]))),
  bad(
    'duplicate-dtype',
    'comes twice',
    fields('"dtype":"F64","dtype":"F32","shape":[2],"data_offsets":[0,8]'),
  ),
  bad(
    'duplicate-offsets',
    'comes twice',
    fields('"dtype":"F32","shape":[2],"data_offsets":[0,8],"data_offsets":[0,8]'),
  ),
  bad('duplicate-metadata', 'comes twice', header('"__metadata__":{}', '"__metadata__":{}', w)),
  bad('duplicate-metadata-key', 'comes twice', header('"__metadata__":{"a":"1","\\u0061":"2"}', w)),
  bad('metadata-number', 'cannot be read', header('"__metadata__":{"step":1}', w)),
  bad('metadata-nested', 'cannot be read', header('"__metadata__":{"a":{"b":"c"}}', w)),
  bad('metadata-tensor', 'cannot be read', header(entry('__metadata__', 'F32', [2], [0, 8]))),
  bad('nan-offset', 'unsigned integer', header(entry('w', 'F32', [2], [0, 'NaN']))),
  bad('infinity-offset', 'unsigned integer', header(entry('w', 'F32', [2], [0, 'Infinity']))),
  bad('fractional-integer', 'unsigned integer', header(entry('w', 'F32', ['2.0'], [0, 8]))),
  bad('exponent-integer', 'unsigned integer', header(entry('w', 'F32', [2], [0, '8e0']))),
  bad('minus-zero', 'unsigned integer', header(entry('w', 'F32', [2], ['-0', 8]))),
  bad('plus-sign', 'unsigned integer', header(entry('w', 'F32', ['+2'], [0, 8]))),
  bad('leading-zero', 'unsigned integer', header(entry('w', 'F32', ['02'], [0, 8]))),
  bad('hexadecimal', 'cannot be read', header(entry('w', 'F32', ['0x2'], [0, 8]))),
  bad('number-as-text', 'unsigned integer', header(entry('w', 'F32', ['"2"'], [0, 8]))),
  bad('trailing-comma', 'cannot be read', `{${w},}`),
  bad('trailing-comma-in-shape', 'unsigned integer', header(w.replace('[2]', '[2,]'))),
  bad('comment', 'cannot be read', `{/* a model */${w}}`),
  bad('single-quotes', 'cannot be read', header(w).replaceAll('"', "'")),
  bad('python-dict', 'cannot be read', header(w).replaceAll('"', "'").replace('[2]', '(2,)')),
  bad('cut', 'cannot be read', header(w).slice(0, -2)),
  bad('two-documents', 'cannot be read', `${header(w)}{}`),
  bad('array', 'cannot be read', `[${header(w)}]`),
  bad('text', 'cannot be read', JSON.stringify(header(w))),
  bad('null', 'cannot be read', 'null    '),
  bad('entry-is-null', 'cannot be read', '{"w":null}'),
  bad('entry-is-array', 'cannot be read', '{"w":["F32",[2],[0,8]]}'),
  bad('shape-is-null', 'cannot be read', fields('"dtype":"F32","shape":null,"data_offsets":[0,8]')),
  bad('shape-is-object', 'cannot be read', fields('"dtype":"F32","shape":{"0":2},"data_offsets":[0,8]')),
  bad('dtype-is-number', 'cannot be read', fields('"dtype":32,"shape":[2],"data_offsets":[0,8]')),
  bad('no-dtype', 'no dtype', fields('"shape":[2],"data_offsets":[0,8]')),
  bad('no-shape', 'no dtype, shape', fields('"dtype":"F32","data_offsets":[0,8]')),
  bad('no-offsets', 'data_offsets', fields('"dtype":"F32","shape":[2]')),
  bad('one-offset', 'start and an end', header(entry('w', 'F32', [2], [8]))),
  bad('three-offsets', 'start and an end', header(entry('w', 'F32', [2], [0, 8, 8]))),
  refused('json-200000-arrays-deep.safetensors', 'nested deeper', () =>
    safetensors(fields(`"x":${'['.repeat(200_000)}${']'.repeat(200_000)},${w.slice(5, -1)}`), data),
  ),
  refused('json-200000-objects-deep.safetensors', 'nested deeper', () =>
    safetensors(fields(`"x":${'{"x":'.repeat(200_000)}0${'}'.repeat(200_000)}`), data),
  ),
  refused('json-200000-arrays-deep-and-cut.safetensors', 'cannot be read', () =>
    safetensors('['.repeat(200_000), data),
  ),
  good('leading-white-space', ` \n\t\r${header(w)}`),
  good('trailing-white-space', `${header(w)}\n\t   `),
  good('white-space-everywhere', header(w).replace(/[[\]{},:]/g, ' $&\n')),
  good('escaped-names', header(w).replace('"w"', '"\\u0077"').replace('"dtype"', '"d\\u0074ype"')),
  good('unknown-key', fields(`"extra":{"a":[1,2.5e3,null,true,"x"]},${w.slice(5, -1)}`)),
  good('metadata', header('"__metadata__":{"format":"pt","__proto__":"x","constructor":"y"}', w)),
  good('metadata-last', header(w, '"__metadata__":{"note":"<b>\\u0000\\n</b>"}')),
  read('json-name-with-escaped-nul.safetensors', [t('w\0', [2], [1, 2])], () =>
    safetensors(utf8(header(entry('w\0', 'F32', [2], [0, 8]))), data),
  ),
  read('json-surrogate-pair.safetensors', [t('\u{1f409}', [2], [1, 2])], () =>
    safetensors(header(w.replace('"w"', '"\\ud83d\\udc09"')), data),
  ),
]
