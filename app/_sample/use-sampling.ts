'use client'

import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Jobs, Sampling, type SamplingState } from './sampling'

const makeWorker = () =>
  new Worker(new URL('../_workers/sampler.worker.ts', import.meta.url), { type: 'module' })

export type SamplingControl = { state: SamplingState; cancel: () => void; again: () => void }

/** Draws by itself whenever `jobs` changes (by content); null draws nothing. Workers end with the page. */
export function useSampling(jobs: Jobs | null): SamplingControl {
  const [sampling] = useState(() => new Sampling(makeWorker))
  const state = useSyncExternalStore(sampling.subscribe, sampling.state, sampling.state)
  const key = JSON.stringify(jobs)
  useEffect(() => () => sampling.dispose(), [sampling])
  useEffect(() => {
    const wanted = JSON.parse(key) as Jobs | null
    if (wanted) sampling.start(wanted)
    else sampling.cancel()
  }, [key, sampling])
  return {
    state,
    cancel: () => sampling.cancel(),
    again: () => jobs && sampling.start(jobs),
  }
}
