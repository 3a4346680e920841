/** A row of the table of safety. Its file is NN-name.ts in this folder, NN its number, and exports it as `row`. */
export type SafetyRow = {
  /** What is done to the system, in few words; they stand in the README. */
  test: string
  /** What must hold. */
  gate: string
  /** Does it, telling its progress line by line with `say`. What throws does not hold. */
  measure(say: (line: string) => void): Promise<Measurement>
}

export type Measurement = {
  /** Whether the gate held. */
  holds: boolean
  /** What was found, in words and numbers: one cell of the table. */
  found: string
  /** The same as numbers, for --json. */
  figures: Record<string, number | string>
}
