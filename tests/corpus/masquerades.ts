/** What people hand over by mistake, and files that are two things at once. */
import { concat, f32, latin1, little, raw, utf8 } from './build/bytes'
import { npy, npyHeader } from './build/npy'
import { op, pickle } from './build/pickle'
import { entry, header, safetensors } from './build/safetensors'
import { plain, stateDict, torchZip } from './build/torch'
import { zipOf } from './build/zip'
import { type Case, read, refused, t } from './case'

const bad = (file: string, says: string, bytes: () => Uint8Array) => refused(`is-${file}`, says, bytes)
const starts = (file: string, says: string, magic: string, length = 600) =>
  bad(file, says, () => {
    const bytes = new Uint8Array(length)
    bytes.set(latin1(magic))
    return bytes
  })
const reads = (file: string, says: string, text: string) => bad(file, says, () => utf8(text))

const lfs =
  'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n'
const pt = () => torchZip(stateDict([['w', plain('0', [2])]]), [['0', Float32Array.of(1, 2)]])
const st = () => safetensors(header(entry('w', 'F32', [2], [0, 8])), f32(1, 2))

/** A tar header of one member. */
function tar(name: string): Uint8Array {
  const bytes = new Uint8Array(1024)
  bytes.set(utf8(name))
  bytes.set(latin1('ustar\0'), 257)
  return bytes
}

export const masquerades: Case[] = [
  reads('lfs-pointer.safetensors', 'git lfs pull', lfs),
  reads('lfs-pointer.pt', 'git lfs pull', lfs),
  reads('html.pt', 'HTML', '<!DOCTYPE html>\n<html><head><title>404</title></head></html>'),
  reads('html-behind-a-byte-order-mark.pt', 'HTML', '\ufeff  <html lang="en"></html>'),
  reads('xml.bin', 'XML', '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'),
  reads('config.json', 'JSON', '{"_class_name": "UNet2DModel", "sample_size": 32}'),
  reads('list.json', 'JSON', '[1, 2, 3]'),
  reads('yaml.ckpt', 'text file', 'model:\n  ch: 128\n'),
  reads('csv.pt', 'text file', 'step,loss\n1,0.5\n'),
  reads('json-error.safetensors', 'JSON', '{"error":"Repository not found"}'),
  bad('utf-16-text.pt', 'no known kind', () => raw(Uint16Array.from(`\ufeff${lfs}`, (c) => c.charCodeAt(0)))),
  starts('gguf.safetensors', 'GGUF', 'GGUF\x03\0\0\0'),
  starts('gzip.pt', 'gzip', '\x1f\x8b\x08\0\0\0\0\0\0\x03'),
  starts('7z.pt', '7z', "7z\xbc\xaf'\x1c\0\x04"),
  starts('rar.pt', 'RAR', 'Rar!\x1a\x07\x01\0'),
  starts('bzip2.pt', 'bzip2', 'BZh91AY&SY'),
  starts('xz.pt', 'xz', '\xfd7zXZ\0'),
  starts('zstd.pt', 'zstd', '\x28\xb5\x2f\xfd'),
  starts('hdf5.h5', 'HDF5', '\x89HDF\r\n\x1a\n'),
  starts('png.pt', 'image', '\x89PNG\r\n\x1a\n'),
  starts('jpeg.bin', 'image', '\xff\xd8\xff\xe0\0\x10JFIF'),
  starts('pdf.pt', 'PDF', '%PDF-1.7\n%\xe2\xe3\xcf\xd3'),
  starts('sqlite.pt', 'SQLite', 'SQLite format 3\0'),
  starts('elf.pt', 'no known kind', '\x7fELF\x02\x01\x01'),
  starts('exe.pt', 'no known kind', 'MZ\x90\0\x03'),
  starts('wasm.pt', 'no known kind', '\0asm\x01\0\0\0'),
  starts('onnx.bin', 'no known kind', '\x08\x07\x12\x07pytorch'),
  bad('tar.pt', 'tar archive', () => tar('weights.pt')),
  bad('torch-of-2016.pt', 'tar format', () => tar('sys_info')),
  bad('empty.pt', 'empty', () => new Uint8Array(0)),
  bad('one-byte.pt', 'no known kind', () => Uint8Array.of(0x80)),
  bad('zeros.safetensors', 'cannot be read', () => new Uint8Array(4096)),
  bad('ones.pt', 'no known kind', () => new Uint8Array(4096).fill(0xff)),
  bad('blanks.pt', 'text file', () => new Uint8Array(4096).fill(0x20)),
  bad('noise.pt', 'no known kind', () =>
    Uint8Array.from({ length: 4096 }, (_, i) => ((i + 3) * 2654435761) >>> 13),
  ),
  ...[2, 3, 4, 5].map((version) =>
    bad(`pickle-${version}.pkl`, 'bare Python pickle', () =>
      concat(op.PROTO(version), op.EMPTY_DICT, op.STOP),
    ),
  ),
  bad('pickle-of-protocol-0.pkl', 'text file', () => utf8('(dp0\nVw\np1\nF1.0\ns.')),
  bad('empty-zip.pt', 'empty zip', () => zipOf([])),
  bad('docx.pt', 'data.pkl', () => zipOf([{ name: '[Content_Types].xml', data: utf8('<Types/>') }])),
  bad('torchscript.pt', 'TorchScript', () =>
    zipOf([
      { name: 'm/data.pkl', data: pickle(op.NONE) },
      { name: 'm/constants.pkl', data: pickle(op.EMPTY_TUPLE) },
      { name: 'm/code/__torch__.py', data: utf8('def forward(self, x): return x\n') },
    ]),
  ),
  bad('zip-in-a-zip.pt', 'data.pkl', () => zipOf([{ name: 'model.pt', data: pt() }])),

  refused('polyglot-safetensors-then-zip.safetensors', 'bytes follow', () => concat(st(), pt())),
  refused('polyglot-safetensors-then-pickle.pt', 'bytes follow', () => concat(st(), pickle(op.NONE))),
  refused('polyglot-safetensors-then-html.html', 'bytes follow', () => concat(st(), '<script>1</script>')),
  refused('polyglot-html-then-zip.pt', 'no known kind', () => concat('<html></html>', pt())),
  refused('polyglot-pdf-then-zip.pt', 'PDF', () => concat('%PDF-1.7\n', pt())),
  refused('polyglot-shell-then-zip.pt', 'text file', () =>
    concat('#!/bin/sh\necho corpus\n'.padEnd(520, '#'), pt()),
  ),
  refused('polyglot-pickle-then-zip.pt', 'bare Python pickle', () => concat(pickle(op.NONE), pt())),
  refused('polyglot-zip-then-zip.pt', 'zip directory', () => concat(pt(), pt())),
  refused('polyglot-zip-then-safetensors.pt', 'zip directory', () => concat(pt(), st())),
  refused('polyglot-npy-then-zip.npy', 'follow the header', () =>
    concat(npy(npyHeader({ shape: '(2,)' }), f32(1, 2)), pt()),
  ),
  refused('polyglot-safetensors-in-front-of-zip.pt', 'bytes follow', () =>
    torchZip(stateDict([['w', plain('0', [2])]]), [['0', Float32Array.of(1, 2)]], { front: st() }),
  ),
  read('polyglot-zip-as-data.safetensors', [t('zip', [4], latin1('PK\x05\x06'), 'U8')], () =>
    safetensors(header(entry('zip', 'U8', [4], [0, 4])), latin1('PK\x05\x06')),
  ),
  read('polyglot-length-spells-zip.safetensors', [], () => concat(little(0x4b50, 8), '{}'.padEnd(0x4b50))),
]
