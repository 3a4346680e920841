import { auditCheckpoint } from '../diagnostics/audit/audit'
import type { Audit, Severity } from '../record/audit'
import {
  auditCounts,
  countsInWords,
  evidenceInWords,
  type FindingGroup,
  groupFindings,
} from '../record/findings'
import type { Checkpoint } from '../unet/checkpoint'
import { findNetworks } from '../unet/networks'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  onlyPositional,
  printResult,
  text,
} from './command'
import { openCheckpoint, weightsFile, withTensors } from './open'

export const audit: Command = {
  summary: 'tell whether a checkpoint is what it claims to be, layer by layer',
  help: `usage: audit FILE [--fp FILE] [--layers]

Is every layer binarized, with as many bases as declared, by learned scales? Are the steps of its inputs learned, usable, those
of the right copy of the weights? Is a channel dead, a block blind to the timestep, a weight not finite? Each finding comes with
its evidence and what to do. Exit code 1 if there is a fault; warnings and notes leave it at 0.

  --fp FILE        its full-precision teacher, which tells whether the student was trained; found by itself in a file that holds both
  --layers         a row for every layer
${checkpointHelp}`,
  options: { ...checkpointOptions, fp: { type: 'string' }, layers: { type: 'boolean' } },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const { checkpoint } = await openCheckpoint(path, flags)
    const teacher = await openTeacher(path, flags)
    const result = auditCheckpoint(checkpoint, teacher)
    const counts = auditCounts(result.findings)
    printResult(
      flags,
      { file: path, network: checkpoint.network.role, teacher: teacher?.name ?? null, counts, ...result },
      describe(path, result, Boolean(flags.layers)),
    )
    return counts.fault > 0 ? 1 : 0
  },
}

/** The teacher named by --fp, else the one that the file itself holds, else null. */
async function openTeacher(path: string, flags: Flags): Promise<Checkpoint | null> {
  const from = text(flags, 'fp') ?? path
  const inside = await withTensors(weightsFile(from), async (file) =>
    findNetworks(file).some(({ role }) => role === 'teacher'),
  )
  if (from === path && !inside) return null
  const network = inside ? 'teacher' : undefined
  return (await openCheckpoint(from, { ...flags, network })).checkpoint
}

const marks: Record<Severity, string> = { fault: '◆ fault', warning: '△ warning', note: '  note' }

function describe(path: string, { findings, layers }: Audit, listLayers: boolean): string {
  return [
    `${path}: ${countsInWords(auditCounts(findings))}`,
    ...groupFindings(findings).map(describeGroup),
    ...(listLayers ? [layerTable(layers)] : []),
  ].join('\n\n')
}

/** Layers that are listed with their evidence. */
const listed = 6

function describeGroup({ code, severity, findings }: FindingGroup): string {
  const [first] = findings
  const { title, what, remedy } = first!
  const concerned = findings.filter(({ layer }) => layer !== null)
  const single = concerned.length === 0
  const lines = concerned
    .slice(0, listed)
    .map(({ layer, evidence }) => `    ${layer}: ${evidenceInWords(evidence)}`)
  const more = concerned.length > listed ? [`    ... ${concerned.length} layers in all`] : []
  return [
    `${marks[severity]}  ${title} (${code})`,
    ...(single
      ? findings.flatMap((f) => [`    ${f.what}`, ...evidenceLine(f.evidence)])
      : [`    ${what}`, ...lines, ...more]),
    `    ${remedy}`,
  ].join('\n')
}

const evidenceLine = (evidence: FindingGroup['findings'][number]['evidence']): string[] =>
  evidence.length > 0 ? [`    ${evidenceInWords(evidence)}`] : []

function layerTable(rows: Audit['layers']): string {
  const width = Math.max(...rows.map(({ layer }) => layer.length))
  const share = (value: number | null) =>
    (value === null ? '-' : `${(100 * value).toPrecision(3)} %`).padStart(8)
  const alpha = (value: number | null) =>
    (value === null ? '-' : String(Number(value.toPrecision(3)))).padStart(9)
  return [
    `${'layer'.padEnd(width)}  bases  scales         |s1/m-1|  |s2/m-1|     alpha     flips  verdict`,
    ...rows.map(
      (row) =>
        `${row.layer.padEnd(width)}  ${String(row.basesFound).padStart(5)}  ${row.scales.padEnd(13)} ${share(row.sigma1Deviation)}  ${share(row.sigma2Deviation)} ${alpha(row.alpha)}  ${share(row.flips)}  ${row.verdict}`,
    ),
  ].join('\n')
}
