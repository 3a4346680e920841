'use client'

import { useEffect, useState, useSyncExternalStore } from 'react'
import { type Jobs, Sampling, type SamplingState } from './sampling'
import type { Way } from './trace'

const makeWorker = (way: Way) =>
  new Worker(new URL('../_workers/sampler.worker.ts', import.meta.url), { type: 'module', name: way })

export type SamplingControl = {
  state: SamplingState
  cancel: () => void
  /** Draws all of it anew. */
  again: () => void
  /** Draws what failed or was cancelled, and keeps the rest. */
  retry: () => void
}

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
    retry: () => sampling.start(jobs),
  }
}
