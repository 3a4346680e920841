import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { type PackedParts, packedParts } from '../cost/packed'
import { InputError } from '../tensor/error'
import { openTensors } from '../tensor/open'
import { bytesSource } from '../tensor/tensor'
import { writePacked } from '../unet/checkpoint'
import { parameterCount } from '../unet/unet'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  needed,
  onlyPositional,
  printResult,
} from './command'
import { outputFile } from './forward'
import { openCheckpoint } from './open'

export const pack: Command = {
  summary: 'store a student as one bit per weight and basis, without its latent weights',
  help: `usage: pack FILE --out FILE.safetensors

FILE is a student. The result computes with the same floats and is read by every command; what it no longer has are
the latent weights, which only training needs. For each binarized layer ID
  ID.plane1, ID.plane2     signs, U8 [O, ceil(n/8)] for n weights per output channel in the order kernel row, kernel
                           column, input channel; bit i of byte j (0 least significant) is weight 8j+i, 1 for +1
  ID.sigma1, ID.sigma2     scales, F32 [O]; ID.weight is sigma1*plane1 + sigma2*plane2
for each layer kept at 8 bits ID.codes (I8) and ID.step (F32 [O]), and ID.alpha, the LSQ step of the input. Everything
else is F16 where that holds every value, else F32. The manifest names the tensors of each layer.

  --out FILE       safetensors file to write
${checkpointHelp}`,
  options: { ...checkpointOptions, out: { type: 'string' } },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const out = outputFile(needed(flags, 'out'))
    const { checkpoint, path: weights } = await openCheckpoint(path, flags)
    const refuse = (problem: string, remedy: string) => new InputError({ file: path, problem, remedy })
    if (checkpoint.packed.size > 0)
      throw refuse('it is packed already', 'Give a checkpoint with latent weights.')
    if (Object.values(checkpoint.manifest).every(({ method }) => method === 'fp'))
      throw refuse('no layer of it is binarized', 'Give a student, or binarize it first.')
    const bytes = writePacked(checkpoint, createHash('sha256').update(readFileSync(weights)).digest('hex'))
    writeFileSync(out, bytes)
    const { tensors } = await openTensors(bytesSource(out, bytes))
    const parts = packedParts(tensors, bytes.length)
    const values = parameterCount(checkpoint.config)
    const fullPrecisionBytes = 4 * values
    const ratio = fullPrecisionBytes / bytes.length
    const result = { file: path, out, bytes: bytes.length, fullPrecisionBytes, ratio, parts }
    printResult(flags, result, describe(result))
    return 0
  },
}

const words: Record<keyof PackedParts, string> = {
  sign: 'signs, first basis',
  secondBasis: 'signs, second basis',
  eightBit: '8-bit weights',
  scales: 'scales and steps of weights',
  alpha: 'steps of inputs',
  floats: 'floats: kept layers, biases, norms',
  axes: 'axes of low-rank mimicking',
  header: 'header: names, manifest, settings',
}

type Packed = { out: string; bytes: number; fullPrecisionBytes: number; ratio: number; parts: PackedParts }

function describe({ out, bytes, fullPrecisionBytes, ratio, parts }: Packed): string {
  const lines = (Object.keys(words) as (keyof PackedParts)[])
    .filter((part) => parts[part] > 0)
    .map((part) => `  ${String(parts[part]).padStart(10)}  ${words[part]}`)
  return [
    `wrote ${out}: ${bytes} bytes, ${ratio.toFixed(1)}x smaller than ${fullPrecisionBytes} bytes of float32`,
    ...lines,
  ].join('\n')
}
