/** Of rows ascending by step and revision, the last of each step. */
export function newestOfEachStep<T extends { step: number }>(rows: T[]): T[] {
  return rows.filter((row, i) => rows[i + 1]?.step !== row.step)
}
