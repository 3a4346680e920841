'use client'

import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Jobs, Sampling, type SamplingState } from './sampling'

const makeWorker = () =>
  new Worker(new URL('../_workers/sampler.worker.ts', import.meta.url), { type: 'module' })

export type SamplingControl = { state: SamplingState; cancel: () => void; again: () => void }

/** Draws by itself whenever `jobs` changes (by content). The workers end with the component. */
export function useSampling(jobs: Jobs): SamplingControl {
  const [sampling] = useState(() => new Sampling(makeWorker))
  const state = useSyncExternalStore(sampling.subscribe, sampling.state, sampling.state)
  const key = JSON.stringify(jobs)
  useEffect(() => () => sampling.dispose(), [sampling])
  useEffect(() => {
    sampling.start(JSON.parse(key) as Jobs)
  }, [key, sampling])
  return {
    state,
    cancel: () => sampling.cancel(),
    again: () => sampling.start(jobs, true),
  }
}
