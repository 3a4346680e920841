/** What is going on in the store: trainings that run, the demo being loaded, and a stamp that tells when to look again. */
import { type DemoProgress, demoProgress } from '../../lib/store/demo-progress'
import { type LiveTraining, liveTrainings, storeStamp } from '../../lib/store/live'

export type Pulse = {
  trainings: LiveTraining[]
  /** null unless the demo is being loaded, or for a single run. */
  demo: DemoProgress | null
  /** Another one as soon as anything that the page shows may have changed. */
  stamp: string
}

/** The pulse of one run, or of all with null. */
export async function loadPulse(run: string | null): Promise<Pulse> {
  const [stored, all] = await Promise.all([storeStamp(run), liveTrainings()])
  const trainings = run === null ? all : all.filter((training) => training.run === run)
  const demo = run === null ? demoProgress() : null
  const names = trainings.map((training) => training.run)
  return { trainings, demo, stamp: JSON.stringify([stored, names, demo]) }
}
