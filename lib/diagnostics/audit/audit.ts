/**
 * The audit of a checkpoint: is it what it claims to be? Facts of every layer are measured from the weights and scales, then
 * rules that know nothing of files judge them. Nothing runs through the network, so it takes a pass over the weights.
 */
import { effectiveWeight } from '../../quant/binarizer'
import { keptFullPrecision } from '../../quant/kept-layers'
import { type Audit, type AuditRow, type Finding, severities } from '../../record/audit'
import type { Layer } from '../../record/run'
import { type Architecture, architecture, type ResBlock } from '../../unet/architecture'
import { type Checkpoint, storedWeight } from '../../unet/checkpoint'
import { modulesOf } from '../../unet/modules'
import { alphaFindings } from './alphas'
import { basesFound, basisFindings, keptFindings, scaleOrigin } from './bases'
import { type AlphaFacts, type LayerFacts, layerFacts, type NetworkFacts, type TimeBlock } from './facts'
import { mimicryFindings } from './mimicry'
import { scaleFindings } from './scales'
import { teacherFindings } from './teacher'
import { timeFindings } from './time'
import { timeInputOf } from './time-input'
import { packedFindings, weightFindings } from './weights'

/** Measures and judges a checkpoint. `teacher` is the one it was trained from, or null. */
export function auditCheckpoint(checkpoint: Checkpoint, teacher: Checkpoint | null): Audit {
  return judge(networkFacts(checkpoint, teacher))
}

/** The audit of facts. */
export function judge(facts: NetworkFacts): Audit {
  const findings = [
    ...keptFindings(facts),
    ...basisFindings(facts),
    ...scaleFindings(facts),
    ...alphaFindings(facts),
    ...weightFindings(facts),
    ...timeFindings(facts),
    ...teacherFindings(facts),
    ...mimicryFindings(facts),
    ...packedFindings(facts),
  ].sort(bySeverity(facts.layers))
  return { findings, layers: facts.layers.map((layer) => auditRow(layer, findings)) }
}

/** Worst severity first; then one code after the other, each over the layers in their order. */
function bySeverity(layers: readonly LayerFacts[]): (a: Finding, b: Finding) => number {
  const places = new Map(layers.map(({ layer }, i) => [layer.id, i]))
  const place = ({ layer }: Finding) => (layer === null ? -1 : (places.get(layer) ?? -1))
  const codes = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
  return (a, b) =>
    severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
    codes(a.code, b.code) ||
    place(a) - place(b)
}

function auditRow(facts: LayerFacts, findings: readonly Finding[]): AuditRow {
  const { layer, precision, sigma1, sigma2, alpha, teacher, reload } = facts
  const [worst] = findings.filter((f) => f.layer === layer.id && f.severity !== 'note')
  const kept = precision.bases === 0 && keptFullPrecision(layer)
  return {
    layer: layer.id,
    severity: worst?.severity ?? null,
    verdict: worst?.title ?? (kept ? 'kept, as declared' : 'ok'),
    bases: precision.bases,
    basesFound: basesFound(facts),
    scales: scaleOrigin(facts),
    sigma1Deviation: sigma1?.deviation ?? null,
    sigma2Deviation: sigma2?.deviation ?? null,
    alpha: alpha !== null && Number.isFinite(alpha) ? alpha : null,
    cosine: teacher?.cosine ?? null,
    flips: teacher?.flips ?? null,
    reload: reload && reload.size > 0 ? Math.sqrt(reload.change / reload.size) : null,
  }
}

/** What the rules look at, measured on a checkpoint; `measured` are the facts of its layers if they are known already. */
export function networkFacts(
  checkpoint: Checkpoint,
  teacher: Checkpoint | null,
  measured: LayerFacts[] = checkpoint.layers.map((_, i) => layerFactsAt(checkpoint, teacher, i)),
): NetworkFacts {
  const { about, config, layers, manifest } = checkpoint
  const net = architecture(config)
  const byId = new Map(layers.map((layer) => [layer.id, layer]))
  const modules = modulesOf(net).map(({ id, layers }) => {
    const last = byId.get(layers.at(-1)!)!
    return { id, channels: last.outChannels, width: last.resolution }
  })
  const quantized = Object.values(manifest).some(({ bases }) => bases > 0)
  const stated = checkpoint.origin === 'signscope'
  return {
    origin: checkpoint.origin,
    student: about.role === 'student' || quantized || teacher !== null,
    step: stated ? about.step : checkpoint.network.step,
    declared: stated,
    copy: copyOf(checkpoint),
    packed: checkpoint.packed.size > 0 ? { source: about.packed?.sourceSha256 ?? null } : null,
    lrm: isSet(about.settings.lrm),
    progressive: isSet(about.settings.progressive) && about.step < modules.length,
    hasTeacher: teacher !== null,
    layers: measured,
    damaged: damagedNorms(checkpoint, byId),
    blocks: timeBlocks(net),
    timeInput: timeInputOf(checkpoint),
    alphas: alphasOf(checkpoint),
    axes: [...checkpoint.axes].flatMap(([module, { shape }]) => {
      const own = modules.find(({ id }) => id === module)
      const [rows, rank] = shape
      return own ? [{ module, rows: rows!, rank: rank!, channels: own.channels, width: own.width }] : []
    }),
    modules,
  }
}

/** The facts of one layer, by its place in the layer list. */
export function layerFactsAt(checkpoint: Checkpoint, teacher: Checkpoint | null, index: number): LayerFacts {
  const layer = checkpoint.layers[index]!
  return layerFacts({
    layer,
    precision: checkpoint.manifest[layer.id]!,
    stored: storedWeight(checkpoint, layer.id),
    scales: checkpoint.scales.get(layer.id) ?? {},
    teacher: teacher && teacherWeight(teacher, index),
  })
}

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== false

/** A teacher's weights by the place of the layer; ids may be spelt differently. */
function teacherWeight(teacher: Checkpoint, index: number) {
  const { id } = teacher.layers[index]!
  return effectiveWeight(teacher.manifest[id]!, storedWeight(teacher, id), teacher.scales.get(id) ?? {})
}

function copyOf({ network, otherSteps }: Checkpoint): NetworkFacts['copy'] {
  if (network.role === 'ema') return 'ema'
  return otherSteps ? 'raw' : null
}

function alphasOf({ layers, manifest, scales, otherSteps }: Checkpoint): AlphaFacts[] {
  const ids = new Set(layers.map(({ id }) => id))
  return [...scales].flatMap(([id, { alpha }]) => {
    if (alpha === undefined) return []
    const used = (manifest[id]?.activationBits ?? 32) < 32
    return [{ id, layer: ids.has(id) ? id : null, value: alpha, used, other: otherSteps?.get(id) ?? null }]
  })
}

/** Norms, and biases of layers, with values that are not finite. */
function damagedNorms({ tensors }: Checkpoint, layers: ReadonlyMap<string, Layer>): NetworkFacts['damaged'] {
  return [...tensors].flatMap(([name, { data }]) => {
    if (name.endsWith('.weight') && layers.has(name.slice(0, -'.weight'.length))) return []
    const nonFinite = data.reduce((count, v) => count + (Number.isFinite(v) ? 0 : 1), 0)
    return nonFinite > 0 ? [{ name, nonFinite }] : []
  })
}

/** Residual blocks that add their time projection before the second norm; a norm cannot cancel scale and shift after it. */
function timeBlocks(net: Architecture): TimeBlock[] {
  const { normGroups: groups, scaleShift } = net.config
  if (scaleShift) return []
  const way = (levels: Architecture['down']) =>
    levels.flatMap(({ blocks, resample }) => [...blocks.map(({ res }) => res), resample?.block ?? []].flat())
  const blocks: ResBlock[] = [...way(net.down), net.mid.res1, net.mid.res2, ...way(net.up)]
  return blocks.map(({ timeProjection, norm2 }) => ({
    layer: timeProjection.id,
    channels: norm2.channels,
    groups,
  }))
}
