import { bitsLabel } from '../record/precision'
import { checkValues } from '../tensor/check'
import { type InputCode, InputError, printable } from '../tensor/error'
import { sizeOf, type TensorFile } from '../tensor/tensor'
import { type AffineQuantizer, affineQuantizers } from '../unet/affine-quantizers'
import { type Checkpoint, readAbout } from '../unet/checkpoint'
import { chooseNetwork, fileOf, noNetwork } from '../unet/choose-network'
import { type FoundNetwork, findNetworks, otherParts, weightLayers } from '../unet/networks'
import { readOutline } from '../unet/outline'
import { parameterCount } from '../unet/unet'
import { type Command, checkpointHelp, checkpointOptions, type Flags, text } from './command'
import { givenConfig, weightsFile, withTensors } from './open'

export const inspect: Command = {
  summary: 'tell what checkpoints are: container, networks, family, layers, precision',
  help: `usage: inspect FILE... [--tensors] [--layers] [--mapping]

FILE is a checkpoint, a diffusers folder or an array. Weights are read where they carry a checksum, to say whether it
holds. With --json there is one line for each file: {file, ok, family, ...} or {file, ok: false, error: {code, message}}.
A network that Signscope cannot run is described all the same, by names and shapes. Exit code 1 if a file was refused.

  --tensors        list every tensor (always part of --json)
  --layers         list every layer (always part of --json)
  --mapping        list the names of every network's tensors beside those they are stored under
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    tensors: { type: 'boolean' },
    layers: { type: 'boolean' },
    mapping: { type: 'boolean' },
  },
  async run(positionals, flags) {
    if (positionals.length === 0) {
      throw new InputError({ file: 'FILE', problem: 'none given', remedy: 'See --help.' })
    }
    let refused = false
    for (const path of positionals) {
      const report = await inspectOne(path, flags)
      refused ||= !report.ok
      if (flags.json) console.log(JSON.stringify(report))
      else if (report.ok) console.log(describe(report, flags))
      else console.error(report.error.message)
      if (report.ok && report.problem !== null && !flags.json) console.error(report.problem)
    }
    return refused ? 1 : 0
  },
}

type Report = Awaited<ReturnType<typeof reportOf>>
type Refusal = { file: string; ok: false; error: { code: InputCode; message: string } }

async function inspectOne(path: string, flags: Flags): Promise<Report | Refusal> {
  try {
    const weights = weightsFile(path)
    return await withTensors(weights, async (file) => {
      await checkValues(file)
      return reportOf(file, path, weights, flags)
    })
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { file: path, ok: false, error: { code: error.code, message: error.message } }
  }
}

/** What one file holds; `problem` says why its network is none that runs. */
async function reportOf(file: TensorFile, path: string, weights: string, flags: Flags) {
  const networks = findNetworks(file)
  const wanted = text(flags, 'network')
  const chosen = networks.length > 0 || wanted !== undefined ? await chooseNetwork(file, wanted) : null
  const { checkpoint, problem } = chosen
    ? await tryRead(file, chosen, weights, flags)
    : { checkpoint: null, problem: isArrays(file) ? null : noNetwork(file).message }
  const mapped = (names: Map<string, string>) => (flags.mapping ? { mapping: [...names] } : {})
  return {
    file: path,
    ok: true as const,
    ...contentsOf(file),
    family: chosen?.family ?? null,
    step: chosen?.step ?? null,
    network: chosen && { role: chosen.role, prefix: chosen.prefix },
    networks: networks.map(({ names, ...network }) => ({
      ...network,
      tensors: names.size,
      layers: weightLayers(names, file.tensors).length,
      ...mapped(names),
    })),
    otherParts: [...otherParts(file, networks)].map(([prefix, tensors]) => ({ prefix, tensors })),
    ...networkOf(checkpoint),
    quantizers: chosen ? await affineQuantizers(fileOf(file, chosen)) : [],
    layers: checkpoint ? ownLayers(checkpoint) : chosen ? weightLayers(chosen.names, file.tensors) : [],
    problem,
  }
}

/** The checkpoint without its weights; null where the network does not run, with the reason. */
async function tryRead(file: TensorFile, { role, prefix }: FoundNetwork, weights: string, flags: Flags) {
  try {
    const given = givenConfig(file, weights, flags)
    // The prefix of a network may be '' and its role is not, so that is what names it here.
    const wanted = { network: prefix || role, mode: text(flags, 'mode') }
    const checkpoint = await readOutline(file, given, wanted)
    return { checkpoint, problem: null }
  } catch (error) {
    if (error instanceof InputError) return { checkpoint: null, problem: error.message }
    throw error
  }
}

function isArrays({ container }: TensorFile): boolean {
  return container === 'npy' || container === 'npz'
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
  if (!checkpoint) return { precision: null, packed: 0, assumptions: [] }
  const { config, manifest, layers, packed, assumptions } = checkpoint
  return {
    config,
    precision: bitsLabel(manifest),
    role: Object.values(manifest).some(({ bases }) => bases > 0) ? 'student' : 'full precision',
    /** Layers without latent weights. */
    packed: packed.size,
    parameters: parameterCount(config),
    macs: layers.reduce((n, { macs }) => n + macs, 0),
    assumptions,
  }
}

function ownLayers({ layers, manifest }: Checkpoint) {
  return layers.map((layer) => ({ ...layer, precision: manifest[layer.id]! }))
}

function describe(report: Report, flags: Flags): string {
  const { file, container, tensors, values, dtypes, networks, network, layers, run } = report
  const lines = [
    file,
    `  container   ${container}, ${tensors.length} tensors, ${values} values, ${dtypes.join(' ')}`,
  ]
  for (const found of networks) {
    const chosen = networks.length > 1 && found.prefix === network?.prefix ? ' (used)' : ''
    const step = found.step === null ? '' : `, step ${found.step}`
    const prefix = found.prefix ? `, named ${printable(found.prefix)}...` : ''
    lines.push(
      `  network     ${found.role}${chosen}: ${found.family}, ${found.tensors} tensors${step}${prefix}`,
    )
    for (const [bare, stored] of found.mapping ?? [])
      lines.push(`    ${printable(bare)} = ${printable(stored)}`)
  }
  if (report.otherParts.length > 0 && networks.length > 0) {
    const parts = report.otherParts.map(
      ({ prefix, tensors }) => `${printable(prefix) || '(bare)'} ${tensors}`,
    )
    lines.push(`  beside it   ${parts.slice(0, 8).join(', ')}${parts.length > 8 ? ', ...' : ''}`)
  }
  if (report.macs !== undefined) {
    lines.push(`  parameters  ${report.parameters}, ${report.role}; ${report.macs} MACs per image`)
    for (const assumption of report.assumptions) lines.push(`  assuming    ${assumption}`)
  }
  if (layers.length > 0) {
    const convs = layers.filter(({ kind }) => kind === 'conv').length
    lines.push(`  layers      ${layers.length}: ${convs} conv, ${layers.length - convs} linear`)
  }
  if (report.quantizers.length > 0) lines.push(`  quantizers  ${quantizersLine(report.quantizers)}`)
  if (report.precision !== null) {
    const precisions = layers.flatMap((layer) => ('precision' in layer ? [layer.precision] : []))
    const binarized = precisions.filter(({ bases }) => bases > 0).length
    const eightBit = precisions.filter(({ method }) => method === 'lsq').length
    const kept = eightBit > 0 ? `, ${eightBit} kept at 8 bits` : ''
    lines.push(`  precision   ${report.precision}, ${binarized} layers binarized${kept}`)
  }
  if (report.packed) {
    const source = report.packedFrom === null ? '' : `, from the file with sha256 ${report.packedFrom}`
    lines.push(`  packed      ${report.packed} layers without latent weights${source}`)
  }
  if (run) lines.push(`  run         ${run.name ?? 'unnamed'}, ${run.role}, step ${run.step}`)
  if (run?.teacherSha256) lines.push(`  teacher     sha256 ${run.teacherSha256}`)
  if (flags.tensors)
    for (const { name, dtype, shape } of tensors)
      lines.push(`  ${dtype} [${shape.join(', ')}] ${printable(name, 500)}`)
  if (flags.layers) lines.push(...layers.map(layerLine))
  return lines.join('\n')
}

function quantizersLine(quantizers: AffineQuantizer[]): string {
  const bits = [...new Set(quantizers.map(({ weightBits }) => weightBits ?? 0))].sort((a, b) => a - b)
  const known = bits.map((bits) => (bits === 0 ? 'unknown' : `${bits}`)).join(', ')
  const sure = quantizers.every(({ exact }) => exact) ? '' : ' or more'
  const inputs = quantizers.filter(({ input }) => input !== null).length
  return `${quantizers.length} layers with weights of ${known}${sure} bits, ${inputs} with quantized inputs`
}

function layerLine(layer: Report['layers'][number]): string {
  if (!('precision' in layer))
    return `  ${printable(layer.id, 500)}  ${layer.kind} [${layer.shape.join(', ')}]`
  const { id, kind, inChannels, outChannels, kernel, macs, precision } = layer
  const bits = precision.bases > 0 ? `${precision.method} x${precision.bases}` : precision.method
  return `  ${id}  ${kind} ${inChannels} to ${outChannels}, kernel ${kernel}, ${macs} MACs, ${bits}`
}
