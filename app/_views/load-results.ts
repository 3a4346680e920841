/** What the Results page needs from the store, as plain data. */
import { getSamples } from '../../lib/store/checkpoints'
import { listEvaluations } from '../../lib/store/evaluations'
import { runsHolding } from '../../lib/store/runs'
import type { SampleRow } from '../_ui/sample-rows'
import { thumbnails } from './load'
import { type Pinned, wasStored } from './pinned'
import { groupName, type ResultGroup, type ResultTable } from './results-rows'
import { type AblationStep, ablationSteps } from './results-steps'
import { resultSets } from './results-tables'

export type ResultTableData = ResultTable & {
  steps: AblationStep[]
  /** Stored samples of one run per recipe, all from the same noise. */
  pictures: { seed: number; rows: SampleRow[] } | null
  /** Cosine of the stored samples with the teacher's by training step, one run per recipe. */
  learned: { key: string; name: string; slot: number | null; points: { step: number; value: number }[] }[]
}

export type ResultsViewData = {
  /** Ids of the evaluated checkpoints that are stored. */
  checkpoints: string[]
  sets: { set: string; tables: ResultTableData[] }[]
}

/** Images of one row of samples. */
const pictureCount = 16

/**
 * Every stored evaluation, sorted into tables that may be compared. A pinned view has those that were stored when it was
 * shared; one that was measured again since is left out.
 */
export async function loadResultsView(pinned?: Pinned): Promise<ResultsViewData> {
  const evaluations = await listEvaluations(pinned && new Date(pinned.createdAt))
  const evaluated = new Set(evaluations.flatMap(({ sha256 }) => sha256 ?? []))
  const holding = await runsHolding([...evaluated])
  const runs = holding.map((run) => ({
    ...run,
    checkpoints: run.checkpoints.filter((c) => wasStored(pinned, c)),
  }))
  const sets = resultSets(evaluations, runs)
  const checkpointsOf = ({ results }: ResultGroup) =>
    runs.find(({ name }) => name === results[0]?.run)?.checkpoints ?? []
  const shownOf = (group: ResultGroup) =>
    checkpointsOf(group).find(({ step }) => step === group.results[0]?.step)
  const groups = sets.flatMap(({ tables }) => tables.flatMap((table) => table.groups))
  const drawn = await getSamples(groups.flatMap((group) => shownOf(group)?.id ?? []))
  const pictured = (table: ResultTable): ResultTableData['pictures'] => {
    const found = table.groups.flatMap((group) => {
      const samples = thumbnails(drawn.get(shownOf(group)?.id ?? '') ?? null, pictureCount)
      return samples ? [{ name: groupName(group), slot: group.results[0]!.slot, samples }] : []
    })
    const seed = found[0]?.samples.seed
    return seed === undefined ? null : { seed, rows: found.filter(({ samples }) => samples.seed === seed) }
  }
  const learned = (table: ResultTable): ResultTableData['learned'] =>
    table.groups.flatMap((group) => {
      const points = checkpointsOf(group).flatMap(({ step, sampleCosine }) =>
        sampleCosine === null ? [] : [{ step, value: sampleCosine }],
      )
      const name = groupName(group)
      return points.length > 1 ? [{ key: group.key, name, slot: group.results[0]!.slot, points }] : []
    })
  const checkpoints = runs.flatMap((run) => run.checkpoints.filter(({ sha256 }) => evaluated.has(sha256)))
  return {
    checkpoints: checkpoints.map(({ id }) => id),
    sets: sets.map(({ set, tables }) => ({
      set,
      tables: tables.map((table) => ({
        ...table,
        steps: ablationSteps(table),
        pictures: pictured(table),
        learned: learned(table),
      })),
    })),
  }
}
