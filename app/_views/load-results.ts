/** What the Results page needs from the store, as plain data. */
import { listEvaluations } from '../../lib/store/evaluations'
import { listRuns } from '../../lib/store/runs'
import type { SampleRow } from '../_ui/sample-rows'
import { thumbnails } from './load'
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

export type ResultsViewData = { sets: { set: string; tables: ResultTableData[] }[] }

/** Images of one row of samples. */
const pictureCount = 16

/** Every stored evaluation, sorted into tables that may be compared. */
export async function loadResultsView(): Promise<ResultsViewData> {
  const [evaluations, runs] = await Promise.all([listEvaluations(), listRuns()])
  const checkpointsOf = ({ results }: ResultGroup) =>
    runs.find(({ name }) => name === results[0]?.run)?.checkpoints ?? []
  const pictured = (table: ResultTable): ResultTableData['pictures'] => {
    const found = table.groups.flatMap((group) => {
      const step = group.results[0]?.step
      const samples = thumbnails(
        checkpointsOf(group).find((c) => c.step === step)?.samples ?? null,
        pictureCount,
      )
      return samples ? [{ name: groupName(group), slot: group.results[0]!.slot, samples }] : []
    })
    const seed = found[0]?.samples.seed
    return seed === undefined ? null : { seed, rows: found.filter(({ samples }) => samples.seed === seed) }
  }
  const learned = (table: ResultTable): ResultTableData['learned'] =>
    table.groups.flatMap((group) => {
      const points = checkpointsOf(group).flatMap(({ step, samples }) =>
        samples?.cosineToTeacher == null ? [] : [{ step, value: samples.cosineToTeacher }],
      )
      const name = groupName(group)
      return points.length > 1 ? [{ key: group.key, name, slot: group.results[0]!.slot, points }] : []
    })
  const sets = resultSets(evaluations, runs).map(({ set, tables }) => ({
    set,
    tables: tables.map((table) => ({
      ...table,
      steps: ablationSteps(table),
      pictures: pictured(table),
      learned: learned(table),
    })),
  }))
  return { sets }
}
