/** What is going on in the store: trainings that run, the demo being loaded, and a stamp that tells when to look again. */
import { type DemoProgress, demoProgress } from '../../lib/store/demo-progress'
import { type LiveTraining, liveTrainings, storeStamp } from '../../lib/store/live'

export type Pulse = {
  trainings: LiveTraining[]
  /** null unless the demo is being loaded, or for single runs. */
  demo: DemoProgress | null
  /** Another one as soon as anything that the page shows may have changed. */
  stamp: string
}

/** The pulse of some runs, or of all with null. */
export async function loadPulse(runs: readonly string[] | null): Promise<Pulse> {
  const [stored, all] = await Promise.all([storeStamp(runs), liveTrainings()])
  const trainings = runs === null ? all : all.filter((training) => runs.includes(training.run))
  const demo = runs === null ? demoProgress() : null
  const names = trainings.map((training) => training.run)
  return { trainings, demo, stamp: JSON.stringify([stored, names, demo]) }
}
