/** Sorts evaluations into tables whose rows may be compared. */
import { groupBy } from '../../lib/math/group-by'
import { type Evaluation, protocolKey } from '../../lib/record/evaluation'
import { compareRecipes, type Recipe, recipeOf } from '../../lib/record/recipe'
import type { RunSummary } from '../../lib/record/run'
import {
  activationWidth,
  type Measures,
  type ResultCheckpoint,
  type ResultGroup,
  type ResultReference,
  type ResultSet,
  type ResultTable,
} from './results-rows'
import { flattenSettings } from './settings-diff'

const setOrder = ['mnist', 'fashion-mnist', 'cifar10']

/** Sorts every evaluation into its table. */
export function resultSets(evaluations: readonly Evaluation[], runs: readonly RunSummary[]): ResultSet[] {
  const tables = [...groupBy(evaluations.filter(isCheckpoint), tableKey)].map(([key, rows]) =>
    resultTable(key, rows, evaluations, runs),
  )
  const place = (set: string) => (setOrder.includes(set) ? setOrder.indexOf(set) : setOrder.length)
  const size = (table: ResultTable) => table.groups.reduce((sum, group) => sum + group.history.length, 0)
  return [...groupBy(tables, (table) => table.protocol.set)]
    .map(([set, own]) => ({ set, tables: own.sort((a, b) => size(b) - size(a)) }))
    .sort((a, b) => place(a.set) - place(b.set) || (a.set < b.set ? -1 : 1))
}

const isCheckpoint = ({ subject }: Evaluation): boolean => subject === 'checkpoint'

function tableKey({ protocol, sampling }: Evaluation): string {
  return `${protocolKey(protocol)} ${JSON.stringify(Object.entries(sampling ?? {}).sort())}`
}

function resultTable(
  key: string,
  rows: readonly Evaluation[],
  all: readonly Evaluation[],
  runs: readonly RunSummary[],
): ResultTable {
  const { protocol, sampling } = rows[0]!
  const references = all.filter(
    (row) => !isCheckpoint(row) && protocolKey(row.protocol) === protocolKey(protocol),
  )
  const entries = rows.map((row) => entryOf(row, runs))
  const groups = [...groupBy(entries, (entry) => entry.group)].map(([group, own]) => resultGroup(group, own))
  return {
    key,
    protocol,
    sampling,
    groups: withVariants(groups).sort(
      (a, b) =>
        compareRecipes(a.recipe, b.recipe) ||
        activationWidth(a.bits) - activationWidth(b.bits) ||
        (a.variant < b.variant ? -1 : 1),
    ),
    references: references.map((row) => ({
      subject: row.subject as ResultReference['subject'],
      values: measuresOf(row),
    })),
  }
}

type Entry = {
  group: string
  recipe: Recipe
  bits: string
  /** What two runs of one group have in common, for the words that set groups apart. */
  settings: Record<string, string>
  checkpoint: ResultCheckpoint
}

/** Settings in which seeds of one recipe may differ: they decide what is kept and shown, not what is trained. */
const incidental = /^(name|seed|teacher|snapshots|samples(\..*)?)$/

function entryOf(row: Evaluation, runs: readonly RunSummary[]): Entry {
  const run = runs.find(({ checkpoints }) => checkpoints.some((c) => c.sha256 === row.sha256))
  const stored = run?.checkpoints.find((c) => c.sha256 === row.sha256)
  const recipe = run
    ? recipeOf(run)
    : { id: `unstored ${row.run ?? row.sha256}`, label: `${row.run ?? row.sha256?.slice(0, 12)}, not stored` }
  const all = flattenSettings(run?.settings ?? {})
  const kept = Object.entries(all).filter(([name]) => !incidental.test(name))
  const settings = Object.fromEntries([
    ...kept,
    ...(row.teacherSha256 ? [['teacher', row.teacherSha256.slice(0, 8)]] : []),
  ])
  const isTeacher = recipe.id === 'teacher'
  return {
    // Each teacher is a row of its own; students of one recipe share one if nothing else differs.
    group: isTeacher
      ? `teacher ${run!.name}`
      : `${recipe.id} ${JSON.stringify(Object.entries(settings).sort())}`,
    recipe,
    bits: isTeacher ? '' : (run?.bits ?? ''),
    settings: isTeacher ? { run: run!.name } : settings,
    checkpoint: {
      run: run?.name ?? row.run ?? 'unknown',
      slot: run && !isTeacher ? (run.colour ?? 0) : null,
      seed: numberOr(run?.settings.seed),
      step: row.step ?? stored?.step ?? 0,
      steps: numberOr(run?.settings.steps),
      values: {
        ...measuresOf(row),
        sqnr: stored?.outputSqnr ?? null,
        bytes: stored ? (isTeacher ? stored.ledger.fullPrecisionBytes : stored.ledger.packedBytes) : null,
      },
    },
  }
}

type GroupWithSettings = ResultGroup & Pick<Entry, 'settings'>

function resultGroup(key: string, entries: readonly Entry[]): GroupWithSettings {
  const byStep = entries.toSorted((a, b) => a.checkpoint.step - b.checkpoint.step)
  const last = [...new Map(byStep.map((entry) => [entry.checkpoint.run, entry])).values()]
  const bySeed = last.toSorted((a, b) => (a.checkpoint.seed ?? 0) - (b.checkpoint.seed ?? 0))
  return {
    key,
    recipe: entries[0]!.recipe,
    bits: entries[0]!.bits,
    variant: '',
    results: bySeed.map((entry) => entry.checkpoint),
    history: byStep.map((entry) => entry.checkpoint),
    settings: entries[0]!.settings,
  }
}

/** Groups of a table with several bits say theirs; those of one recipe at the same bits say in what they differ. */
function withVariants(groups: readonly GroupWithSettings[]): ResultGroup[] {
  const severalBits = new Set(groups.map(({ bits }) => bits).filter(Boolean)).size > 1
  return groups.map(({ settings, ...group }) => {
    const alike = groups
      .filter(({ recipe, bits }) => recipe.id === group.recipe.id && bits === group.bits)
      .map((other) => other.settings)
    const names = [...new Set(alike.flatMap((other) => Object.keys(other)))]
    const differing = names.filter((name) => new Set(alike.map((other) => other[name])).size > 1)
    const words = differing.map((name) => `${name.split('.').at(-1)} ${settings[name] ?? 'not said'}`)
    return { ...group, variant: [...(severalBits && group.bits ? [group.bits] : []), ...words].join(', ') }
  })
}

function measuresOf({ frechetDistance, paired, coverage, recall, precision }: Evaluation): Measures {
  return {
    frechet: frechetDistance,
    cosine: paired?.cosine ?? null,
    ssim: paired?.ssim ?? null,
    psnr: paired?.psnr ?? null,
    agreement: paired?.agreement ?? null,
    coverage,
    recall,
    precision,
    sqnr: null,
    bytes: null,
  }
}

const numberOr = (value: unknown): number | null => (typeof value === 'number' ? value : null)
