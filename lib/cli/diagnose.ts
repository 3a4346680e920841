import { type AuditedDiagnosis, diagnose as diagnoseCheckpoint } from '../diagnostics/diagnose'
import { reasonInWords, standouts } from '../diagnostics/standouts'
import type { Diagnosis } from '../record/run'
import { InputError } from '../tensor/error'
import { startBackend } from './backend'
import {
  type Command,
  checkpointOptions,
  type Flags,
  needed,
  printResult,
  progressBar,
  text,
  wholeNumber,
} from './command'
import { keptSweep } from './kept-sweep'
import { indexEnding, type Opened, openCheckpoint, weightsFile } from './open'
import { sha256Of } from './sha256'
import { diagnoseWeightsOnly } from './weights-only'

/** Flags of the commands that measure a student against its teacher. */
export const measureOptions = {
  ...checkpointOptions,
  fp: { type: 'string' },
  timesteps: { type: 'string' },
  images: { type: 'string' },
  seed: { type: 'string' },
} satisfies Command['options']

export const measureHelp = `  --timesteps N        number of timesteps (default 20), or a list of timesteps
  --images N           images measured over (default 8)
  --seed N             of their noise (default 7)
  --config FILE        configuration of both (yaml or json); found by itself beside the weights`

export const diagnose: Command = {
  summary: 'measure a binarized checkpoint against its full-precision teacher, layer by layer',
  help: `usage: diagnose --fp FILE --binary FILE [--timesteps N | --timesteps T,T,..] [--json]

Both networks see the states x_t of the teacher's own DDIM run. Per layer: weights, scales, reconstruction, and the
accumulated error of the layer's output at each timestep (SQNR in dB, cosine, low-rank cosine); which layers' bases are furthest from
those of the others, and why. Of a network that Signscope
cannot run the weights alone are compared, read one tensor at a time.

  --fp FILE            full-precision checkpoint
  --binary FILE        binarized checkpoint
${measureHelp}
  --resume             keeps the timesteps that are done in the data folder until all are, and goes on with those a run that
                       was cut short has left there; not for files in shards
  --json               everything, as one JSON document on stdout; else a table of the layers, worst first`,
  options: {
    ...measureOptions,
    binary: { type: 'string' },
    resume: { type: 'boolean' },
  },
  async run(positionals, flags) {
    if (positionals.length > 0) {
      throw new InputError({
        file: positionals[0]!,
        problem: 'files are named by --fp and --binary',
        remedy: 'See --help.',
      })
    }
    const [fp, binary] = [needed(flags, 'fp'), needed(flags, 'binary')]
    const diagnosis = (await weightsDiagnosis(fp, binary)) ?? (await measure(fp, binary, flags))
    printResult(
      flags,
      { ...diagnosis, standouts: standouts(diagnosis.layers, diagnosis.sweep?.modules) },
      table(diagnosis),
    )
    return 0
  },
}

/** The diagnosis of two networks that cannot be run; null if the student's can. */
async function weightsDiagnosis(fp: string, binary: string): Promise<Diagnosis | null> {
  const [teacher, student] = [weightsFile(fp), weightsFile(binary)]
  const progress = progressBar('diagnosing')
  const result = await diagnoseWeightsOnly(
    { path: student, name: student, network: null },
    { path: teacher, name: teacher, network: null },
    (done, total, words) => progress(done / total, words),
  )
  progress(1)
  return result?.diagnosis ?? null
}

/** Diagnoses the student in the file `binary` against the teacher in `fp`, as the flags ask. */
export async function measure(fp: string, binary: string, flags: Flags): Promise<AuditedDiagnosis> {
  const timesteps = readTimesteps(flags)
  const images = wholeNumber(flags, 'images', 8, [1, 256])
  const seed = wholeNumber(flags, 'seed', 7, [0, Number.MAX_SAFE_INTEGER])
  const [teacher, student] = [await openCheckpoint(fp, flags), await openCheckpoint(binary, flags)]
  const kept =
    flags.resume === true
      ? await keptBetween(teacher, student, { timesteps, images, seed }, flags)
      : undefined
  await startBackend()
  const progress = progressBar('diagnosing')
  const onProgress = (done: number, total: number, words: string) => progress(done / total, words)
  const diagnosis = await diagnoseCheckpoint(teacher.checkpoint, student.checkpoint, {
    ...{ timesteps, images, seed, kept, onProgress },
  })
  await kept?.clear()
  progress(1)
  return diagnosis
}

/** Undefined for files in shards, whose contents are not in the file that is named. */
async function keptBetween(teacher: Opened, student: Opened, measurement: object, flags: Flags) {
  if ([teacher, student].some(({ path }) => indexEnding.test(path))) return undefined
  const read = async ({ path, given, scheduler }: Opened) => ({
    sha256: await sha256Of(path),
    reading: [given?.json, scheduler?.json, text(flags, 'network'), text(flags, 'mode')],
  })
  return keptSweep(await read(teacher), await read(student), measurement)
}

function readTimesteps(flags: Flags): number | number[] {
  const value = text(flags, 'timesteps')
  if (value === undefined || !value.includes(',')) return wholeNumber(flags, 'timesteps', 20, [1, 1000])
  return value.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
}

const namedStandouts = 3

/** Layers by mean SQNR of their output, worst first, and those whose bases are unlike the others'. */
function table({ layers, output, timesteps, ledger, unrun, sweep }: Diagnosis): string {
  const rows = layers
    .map(({ layer, precision, weights, alignment }) => ({
      id: layer.id,
      bits: precision.bases > 0 ? `${precision.method} x${precision.bases}` : precision.method,
      sqnr: mean(alignment?.sqnr ?? []),
      cosine: mean(alignment?.cosine ?? []),
      local: mean(alignment?.local?.sqnr ?? []),
      weightSqnr: weights.againstTeacher?.sqnr ?? null,
    }))
    .sort((a, b) => (a.sqnr ?? Infinity) - (b.sqnr ?? Infinity))
  const width = Math.max(...rows.map(({ id }) => id.length))
  const lines = rows.map(
    ({ id, bits, sqnr, cosine, local, weightSqnr }) =>
      `${id.padEnd(width)}  ${bits.padEnd(7)} ${number(sqnr, 1)} ${number(cosine, 3)} ${number(local, 1)} ${number(weightSqnr, 1)}`,
  )
  const ratio = ledger.fullPrecisionBytes / ledger.packedBytes
  const head = `${'layer'.padEnd(width)}  weights    SQNR   cosine    local  weight SQNR (dB, means over timesteps)`
  const unusual = standouts(layers, sweep?.modules)
    .slice(0, namedStandouts)
    .map(({ layer, reasons }) => `  ${layer}: ${reasons.map(reasonInWords).join('; ')}`)
  if (unusual.length > 0) lines.push('furthest from the other layers:', ...unusual)
  if (unrun !== undefined) return [`weights only: ${unrun}`, head, ...lines].join('\n')
  return [
    `eps: SQNR ${number(mean(output?.sqnr ?? []), 1).trim()} dB over ${timesteps.length} timesteps; ${ratio.toFixed(1)}x smaller packed`,
    head,
    ...lines,
  ].join('\n')
}

function mean(values: (number | null)[]): number | null {
  const known = values.filter((v) => v !== null)
  return known.length === 0 ? null : known.reduce((sum, v) => sum + v, 0) / known.length
}

function number(value: number | null, digits: number): string {
  return (value === null ? '-' : value.toFixed(digits)).padStart(8)
}
