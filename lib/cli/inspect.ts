import { bitsLabel } from '../record/precision'
import { InputError } from '../tensor/error'
import { sizeOf, type TensorFile } from '../tensor/tensor'
import { type Checkpoint, readAbout } from '../unet/checkpoint'
import { parameterShapes } from '../unet/unet'
import { type Command, checkpointHelp, checkpointOptions, type Flags, printResult } from './command'
import { openCheckpoint, weightsFile, withTensors } from './open'

export const inspect: Command = {
  summary: 'tell what a checkpoint is: container, family, tensors, layers, precision',
  help: `usage: inspect FILE... [--tensors] [--layers]

FILE is a checkpoint, a diffusers folder or an array. If a file is no network that Signscope runs, its tensors are
listed all the same, the reason goes to stderr and the exit code is 2.

  --tensors        list every tensor (always part of --json)
  --layers         list every layer (always part of --json)
${checkpointHelp}`,
  options: { ...checkpointOptions, tensors: { type: 'boolean' }, layers: { type: 'boolean' } },
  async run(positionals, flags) {
    if (positionals.length === 0) {
      throw new InputError({ file: 'FILE', problem: 'none given', remedy: 'See --help.' })
    }
    const reports: Report[] = []
    for (const path of positionals) reports.push(await inspectOne(path, flags))
    printResult(
      flags,
      reports.map(({ fault, ...report }) => ({ ...report, problem: fault?.message ?? null })),
      reports.map((report) => describe(report, flags)).join('\n\n'),
    )
    const faults = reports.flatMap(({ fault }) => fault ?? [])
    for (const fault of faults) console.error(fault.message)
    return faults.length > 0 ? 2 : 0
  },
}

type Report = Awaited<ReturnType<typeof inspectOne>>

/** What one file holds; `fault` says why it is no network that runs. */
async function inspectOne(path: string, flags: Flags) {
  const contents = await withTensors(weightsFile(path), async (file) => contentsOf(file))
  const { checkpoint, fault } =
    contents.container === 'npy' ? { checkpoint: null, fault: null } : await tryOpen(path, flags)
  return { file: path, ...contents, ...networkOf(checkpoint), fault }
}

async function tryOpen(path: string, flags: Flags) {
  try {
    return { checkpoint: (await openCheckpoint(path, flags)).checkpoint, fault: null }
  } catch (error) {
    if (error instanceof InputError) return { checkpoint: null, fault: error }
    throw error
  }
}

function contentsOf(file: TensorFile) {
  const tensors = [...file.tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }))
  const about = file.metadata.has('signscope') ? readAbout(file) : null
  return {
    container: file.container,
    values: tensors.reduce((n, { shape }) => n + sizeOf(shape), 0),
    dtypes: [...new Set(tensors.map(({ dtype }) => dtype))],
    packedFrom: about?.packed?.sourceSha256 ?? null,
    run: about && { name: about.run, role: about.role, step: about.step, teacherSha256: about.teacherSha256 },
    tensors,
  }
}

function networkOf(checkpoint: Checkpoint | null) {
  if (!checkpoint) return { family: null, precision: null, packed: 0, assumptions: [], layers: [] }
  const { config, manifest, layers, packed, assumptions } = checkpoint
  return {
    family: config.family,
    config,
    precision: bitsLabel(manifest),
    role: Object.values(manifest).some(({ bases }) => bases > 0) ? 'student' : 'full precision',
    /** Layers without latent weights. */
    packed: packed.size,
    parameters: [...parameterShapes(config).values()].reduce((n, shape) => n + sizeOf(shape), 0),
    macs: layers.reduce((n, { macs }) => n + macs, 0),
    assumptions,
    layers: layers.map((layer) => ({ ...layer, precision: manifest[layer.id]! })),
  }
}

function describe(report: Report, flags: Flags): string {
  const { file, container, tensors, values, dtypes, layers, run } = report
  const lines = [
    file,
    `  container   ${container}, ${tensors.length} tensors, ${values} values, ${dtypes.join(' ')}`,
  ]
  if (report.family !== null) {
    const binarized = layers.filter(({ precision }) => precision.bases > 0).length
    const eightBit = layers.filter(({ precision }) => precision.method === 'lsq').length
    const convs = layers.filter(({ kind }) => kind === 'conv').length
    lines.push(
      `  network     ${report.family}, ${report.role}, ${report.parameters} parameters`,
      `  layers      ${layers.length}: ${convs} conv, ${layers.length - convs} linear; ${report.macs} MACs per image`,
      `  precision   ${report.precision}, ${binarized} layers binarized${eightBit > 0 ? `, ${eightBit} kept at 8 bits` : ''}`,
    )
    if (report.packed) {
      const source = report.packedFrom === null ? '' : `, from the file with sha256 ${report.packedFrom}`
      lines.push(`  packed      ${report.packed} layers without latent weights${source}`)
    }
  }
  if (run) lines.push(`  run         ${run.name ?? 'unnamed'}, ${run.role}, step ${run.step}`)
  if (run?.teacherSha256) lines.push(`  teacher     sha256 ${run.teacherSha256}`)
  if (flags.tensors)
    for (const { name, dtype, shape } of tensors) lines.push(`  ${dtype} [${shape.join(', ')}] ${name}`)
  if (flags.layers) {
    for (const { id, kind, inChannels, outChannels, kernel, macs, precision } of layers) {
      const bits = precision.bases > 0 ? `${precision.method} x${precision.bases}` : precision.method
      lines.push(`  ${id}  ${kind} ${inChannels} to ${outChannels}, kernel ${kernel}, ${macs} MACs, ${bits}`)
    }
  }
  return lines.join('\n')
}
