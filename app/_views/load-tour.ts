import { countRuns } from '../../lib/store/runs'
import { tourRuns } from '../_learn/tour-stops'

/** Whether the runs that the tour leads through are in the store. */
export async function hasTourRuns(): Promise<boolean> {
  return (await countRuns(tourRuns)) === tourRuns.length
}
