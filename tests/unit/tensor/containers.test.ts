import { describe, expect, test } from 'vitest'
import { InputError } from '../../../lib/tensor/error'
import { fromFloat32 } from '../../../lib/tensor/float'
import { openTensors } from '../../../lib/tensor/open'
import { bytesPerElement, bytesSource, type DType, type TensorFile } from '../../../lib/tensor/tensor'
import { findNetworks, type NetworkRole } from '../../../lib/unet/networks'
import { fixture, fixtureBytes, openFixture, refusal, sha256 } from './fixture'

type Expected = { dtype: DType; shape: number[]; sha256_raw_le: string; sha256_f32_le: string }
type Case = { file: string; expect: string; tensors?: Record<string, Expected> }

const { cases } = JSON.parse(new TextDecoder().decode(fixtureBytes('expected.json'))) as { cases: Case[] }

/** The roles that the tags of expected names stand for. */
const tags = new Map<string, NetworkRole>([
  ['raw', 'raw'],
  ['ema', 'ema'],
  ['unet', 'raw'],
  ['unet_ema', 'ema'],
])

/** Stored names by expected ones: of every network where those are tagged, else of every tensor. */
function storedNames(file: TensorFile, wanted: string[]): Map<string, string> {
  const used = [...tags].filter(([tag]) => wanted.some((name) => name.startsWith(`${tag}:`)))
  if (used.length === 0) return new Map([...file.tensors.keys()].map((name) => [name, name]))
  const networks = findNetworks(file)
  expect(networks.map(({ role }) => role)).toEqual(used.map(([, role]) => role))
  return new Map(
    networks.flatMap(({ names }, i) =>
      [...names].map(([bare, stored]) => [`${used[i]![0]}:${bare}`, stored]),
    ),
  )
}

/** What the sentence must name, so that a refusal for the wrong reason does not pass. */
const reasons = new Map([
  ['whole_module.pt', /torch\.nn\.modules\.container\.Sequential.*state_dict/],
  ['st_header_past_end.safetensors', /header claims/],
  ['st_header_huge.safetensors', /header claims 9223372036854775813 bytes/],
  ['st_not_json.safetensors', /header cannot be read/],
  ['st_overlap.safetensors', /: b: .*overlaps/],
  ['st_trailing.safetensors', /8 bytes follow/],
  ['st_size_mismatch.safetensors', /takes \d+ bytes/],
  ['st_duplicate_key.safetensors', /comes twice/],
  ['evil_global_00.pt', /os\.system/],
  ['evil_global_02.pt', /builtins\.eval/],
  ['bad_storage_oob.pt', /: w: .*reaches element 24 of a storage that has 16/],
  ['bad_missing_record.pt', /data\/7, is missing/],
  ['bad_stack_underflow.pt', /stack is empty/],
  ['zip_truncated.pt', /truncated/],
  ['not_a_checkpoint.pt', /HTML/],
  ['lfs_pointer.safetensors', /git lfs pull/],
  ['empty.pt', /empty/],
])

describe('every container of expected.json', () => {
  for (const { file, expect: verdict, tensors = {} } of cases) {
    if (verdict === 'ok') {
      test(`${file} gives the expected tensors bit by bit`, async () => {
        const opened = await openFixture(file)
        const stored = storedNames(opened, Object.keys(tensors))
        const infos = [...stored].map(([name, at]) => [name, opened.tensors.get(at)])
        const wanted = Object.entries(tensors).map(([name, { dtype, shape }]) => [name, { dtype, shape }])
        expect(infos.sort()).toEqual(wanted.sort())
        for (const [name, want] of Object.entries(tensors)) {
          const { shape, data } = await opened.read(stored.get(name)!)
          expect(shape).toEqual(want.shape)
          expect(sha256(data), `${name} as float32`).toBe(want.sha256_f32_le)
          // Float32 holds every value of the narrower types, so storing them again must give the file's bytes back.
          if (bytesPerElement[want.dtype] <= 2)
            expect(sha256(fromFloat32(want.dtype, data)), `${name} stored again`).toBe(want.sha256_raw_le)
        }
      })
    } else {
      test(`${file} is refused for its own reason`, async () => {
        const reason = reasons.get(file)
        if (!reason) throw new Error(`say what the refusal of ${file} must name`)
        const refused = await refusal(openTensors(fixture(file)))
        expect(refused.file).toBe(file)
        expect(refused.message).toMatch(reason)
      })
    }
  }
})

describe('the one door', () => {
  const bytes = (file: string) => Buffer.from(fixtureBytes(file))

  test('goes by content: the extension does not matter', async () => {
    expect((await openTensors(bytesSource('x.json', bytes('dtypes.pt')))).container).toBe('torch-zip')
    expect((await openTensors(bytesSource('x.pt', bytes('dtypes.safetensors')))).container).toBe(
      'safetensors',
    )
  })

  test.each([
    ['gzip', '\x1f\x8b\x08\0\0\0\0\0\0\x03', /gzip/],
    ['7z', "7z\xbc\xaf'\x1c\0\x04", /7z/],
    ['GGUF', 'GGUF\x03\0\0\0', /GGUF/],
    ['a bare pickle', '\x80\x04\x95\x10\0\0\0\0\0\0\0}.', /bare Python pickle/],
    ['a config.json', '{"_class_name": "UNet2DModel"}', /JSON.*config\.json/],
    ['a yaml', 'model:\n  ch: 128\n', /text file/],
    ['noise', '\x07\x99\x03\xfe\x12\x00\xaa\xbb\xcc\xdd', /no known kind/],
    ['five bytes', '\x01\x02\x03\x04\x05', /no known kind/],
    ['a page with a mark in front', '\xef\xbb\xbf  <!DOCTYPE html><title>404</title>', /HTML/],
  ])('says what it found: %s', async (_what, latin1, reason) => {
    const refused = await refusal(openTensors(bytesSource('x.pt', Buffer.from(latin1, 'latin1'))))
    expect(refused.message).toMatch(reason)
  })

  test('takes a safetensors file whose header length spells gzip magic for safetensors', async () => {
    const header = '{}'.padEnd(0x8b1f)
    const file = Buffer.concat([Buffer.from([0x1f, 0x8b, 0, 0, 0, 0, 0, 0]), Buffer.from(header)])
    expect((await openTensors(bytesSource('x', file))).tensors.size).toBe(0)
  })

  test('never crashes on a container cut at any byte', async () => {
    for (const file of ['hand_minimal.pt', 'bare_zip.pt', 'odd_names.safetensors']) {
      const all = bytes(file)
      for (let end = 0; end < all.length; end++)
        await refusal(openTensors(bytesSource(file, all.subarray(0, end))))
    }
  })

  test('judges every flipped byte: opens and reads, or refuses with an InputError', async () => {
    for (const file of ['hand_minimal.pt', 'views_strides.pt', 'unaligned_header.safetensors']) {
      const all = fixtureBytes(file)
      for (let at = 0; at < all.length; at++) {
        const damaged = all.slice()
        damaged[at] = damaged[at]! ^ (1 << (at % 8))
        try {
          const opened = await openTensors(bytesSource(file, damaged))
          for (const name of opened.tensors.keys()) await opened.read(name)
        } catch (error) {
          expect(error, `${file} byte ${at}`).toBeInstanceOf(InputError)
        }
      }
    }
  })
})
