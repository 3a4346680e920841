import type { DiskReport } from './fill-disk'
import type { SafetyRow } from './row'
import { asMounter } from './small-disk'
import { startProcess } from './start-process'

/** Imports with the disk full at so many levels, without rights, and with every step failing in turn. */
export async function fillDisk(points: number): Promise<DiskReport> {
  const { lines } = await startProcess('fill-disk.ts', [String(points)], asMounter()).ended
  return JSON.parse(lines.at(-1) ?? 'null') as DiskReport
}

/** Whether every refusal was a 507, nothing was lost, and there were refusals at all. */
export function diskHolds({ full, forbidden, refused, wrong, lost, faulty }: DiskReport): boolean {
  return full > 0 && forbidden === 1 && refused > 0 && wrong === 0 && lost === 0 && faulty === ''
}

export const row: SafetyRow = {
  test: 'a disk with no room at 20 levels, a folder without rights (EACCES), and each step of an import failing in turn',
  gate: '507, earlier data readable, nothing left behind, the next import works without a restart',
  async measure() {
    const report = await fillDisk(20)
    const { disk, points, full, forbidden, spoiled, refused, wrong, lost, faulty } = report
    return {
      holds: diskHolds(report),
      found: `507 for ${full} of ${points} imports on a small ${disk}, ${forbidden} of 1 without rights, ${refused} of ${spoiled} with a failing step, the others stored; ${wrong} other answers, ${lost} lost${faulty && `, ${faulty}`}`,
      figures: { ...report },
    }
  },
}
