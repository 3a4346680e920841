import { type InputCode, InputError } from './error'
import { openNpy } from './npy'
import { isNpz, openNpz } from './npz'
import { openSafetensors } from './safetensors'
import { type OpenSibling, openShards, shardsMissing } from './shards'
import type { ByteSource, TensorFile } from './tensor'
import { legacyMagic, openTorchLegacy } from './torch-legacy'
import { openTorchZip } from './torch-zip'
import { openZip } from './zip'

/**
 * The one door for tensor files: safetensors, whole or in shards, torch checkpoints, npy, npz. Goes by the content, never by
 * the name. Reads the directory; tensors are read when asked for. `openSibling` finds the shards an index names; without
 * it an index is refused. Throws an InputError that says what the file is instead.
 */
export async function openTensors(source: ByteSource, openSibling?: OpenSibling): Promise<TensorFile> {
  const refuse = (problem: string, remedy: string, code: InputCode = 'not_a_checkpoint') =>
    new InputError({ file: source.name, problem, remedy, code })
  if (source.size === 0) throw refuse('the file is empty', 'Download or copy it again.', 'empty')
  const head = await source.read(0, Math.min(source.size, 512))
  // First of all, because the length a safetensors file starts with can spell the magic of other formats.
  if (looksLikeSafetensors(head)) return openSafetensors(source)
  if (startsWith(head, 'PK\x03\x04')) {
    const zip = await openZip(source)
    return isNpz(zip) ? openNpz(source, zip) : openTorchZip(source, zip)
  }
  if (startsWith(head, legacyMagic)) return openTorchLegacy(source)
  if (startsWith(head, '\x93NUMPY')) return openNpy(source)
  for (const { magic, at = 0, problem, remedy } of strangers)
    if (startsWith(head.subarray(at), magic)) throw refuse(problem, remedy)
  const text = asText(head)
  if (text?.startsWith('{') && (await isShardIndex(source))) {
    if (!openSibling) throw shardsMissing(source.name)
    return openShards(source, openSibling)
  }
  if (text !== undefined) throw refuse(...describeText(text))
  if (head[8] === 0x7b || hasShortHeader(head)) return openSafetensors(source)
  throw refuse('the content is of no known kind', `Give ${readable}.`)
}

const readable = 'a safetensors file, a PyTorch .pt, .pth, .bin or .ckpt checkpoint, or a .npy or .npz file'
const unpackRemedy = 'Unpack it and give the checkpoint inside.'
const stateDictRemedy =
  'Load it in PyTorch 1.6 or newer and save its state_dict() again, or save it as safetensors.'

/** Magic bytes (as Latin-1) of what people hand over by mistake. */
const strangers: { magic: string; at?: number; problem: string; remedy: string }[] = [
  { magic: '\x80\x02', problem: 'it is a bare Python pickle, not a checkpoint', remedy: stateDictRemedy },
  { magic: '\x80\x03', problem: 'it is a bare Python pickle, not a checkpoint', remedy: stateDictRemedy },
  { magic: '\x80\x04', problem: 'it is a bare Python pickle, not a checkpoint', remedy: stateDictRemedy },
  { magic: '\x80\x05', problem: 'it is a bare Python pickle, not a checkpoint', remedy: stateDictRemedy },
  ...['sys_info', 'pickle', 'storages', 'tensors'].map((member) => ({
    magic: `${member}\0`,
    problem: 'it is in the tar format of the first PyTorch versions, which is not read',
    remedy: stateDictRemedy,
  })),
  { magic: 'ustar', at: 257, problem: 'it is a tar archive', remedy: unpackRemedy },
  { magic: 'PK\x05\x06', problem: 'it is an empty zip archive', remedy: 'Download or copy it again.' },
  { magic: '\x1f\x8b', problem: 'it is a gzip archive', remedy: unpackRemedy },
  { magic: "7z\xbc\xaf'\x1c", problem: 'it is a 7z archive', remedy: unpackRemedy },
  { magic: 'Rar!', problem: 'it is a RAR archive', remedy: unpackRemedy },
  { magic: 'BZh', problem: 'it is a bzip2 archive', remedy: unpackRemedy },
  { magic: '\xfd7zXZ', problem: 'it is an xz archive', remedy: unpackRemedy },
  { magic: '\x28\xb5\x2f\xfd', problem: 'it is a zstd archive', remedy: unpackRemedy },
  {
    magic: 'GGUF',
    problem: 'it is a GGUF file (quantized weights of llama.cpp)',
    remedy: `Give ${readable}.`,
  },
  { magic: '\x89HDF', problem: 'it is an HDF5 file', remedy: `Give ${readable}.` },
  { magic: '\x89PNG', problem: 'it is an image', remedy: `Give ${readable}.` },
  { magic: '\xff\xd8\xff', problem: 'it is an image', remedy: `Give ${readable}.` },
  { magic: '%PDF', problem: 'it is a PDF document', remedy: `Give ${readable}.` },
  { magic: 'SQLite format 3', problem: 'it is an SQLite database', remedy: `Give ${readable}.` },
]

/** A header length the format allows, then the first character of a JSON object (readers allow white space before it). */
function looksLikeSafetensors(head: Uint8Array): boolean {
  return hasShortHeader(head) && [0x7b, 0x20, 0x09, 0x0a, 0x0d].includes(head[8] ?? 0)
}

/** Length below 2^32: no text starts with four zero bytes there. */
function hasShortHeader(head: Uint8Array): boolean {
  return head.length >= 8 && head.subarray(4, 8).every((byte) => byte === 0)
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  if (bytes.length < magic.length) return false
  for (let i = 0; i < magic.length; i++) if (bytes[i] !== magic.charCodeAt(i)) return false
  return true
}

/** The head as text, if it is UTF-8 without control characters; its last character may be cut. */
function asText(head: Uint8Array): string | undefined {
  const isText = head.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d)
  if (!isText) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true }).trim()
  } catch {
    return undefined
  }
}

/** Whether JSON text is the index of a checkpoint in shards; `metadata` may come first, so its head does not tell. */
async function isShardIndex(source: ByteSource): Promise<boolean> {
  const start = new TextDecoder().decode(await source.read(0, Math.min(source.size, 64 * 1024)))
  return start.includes('"weight_map"')
}

function describeText(text: string): [problem: string, remedy: string] {
  if (text.startsWith('version https://git-lfs'))
    return [
      'it is a Git LFS pointer, not the weights',
      'Fetch them with git lfs pull, or download the file itself.',
    ]
  if (/^<(!doctype html|html|head|body)/i.test(text))
    return [
      'it is an HTML page, not a checkpoint',
      'The download gave a web page, often an error or a login: fetch the file itself.',
    ]
  if (text.startsWith('<')) return ['it is an XML document, not a checkpoint', `Give ${readable}.`]
  if (/^[{[]/.test(text))
    return [
      'it is JSON, not a checkpoint',
      'A config.json alone holds no weights: give the weights file beside it.',
    ]
  return ['it is a text file, not a checkpoint', `Give ${readable}.`]
}
