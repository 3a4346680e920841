'use client'

import { useEffect, useState } from 'react'
import type { Part } from '../_workers/dropped-part'
import type { Outlined } from '../_workers/inspect-dropped'

export type OutlineOf = (part: Part) => Promise<Outlined>

/** What a part is read as; the one before while the next is on its way, null before the first and for no part. */
export function useOutline(
  part: Part | null,
  outlineOf: OutlineOf,
): { shown: Outlined | null; waiting: boolean } {
  const key =
    part && JSON.stringify([part.dropped.folder, part.dropped.file.name, part.wanted, part.overrides])
  const [answer, setAnswer] = useState<{ key: string; outlined: Outlined } | null>(null)
  useEffect(() => {
    if (!part || key === null) return
    let current = true
    void outlineOf(part).then((outlined) => {
      if (current) setAnswer({ key, outlined })
    })
    return () => {
      current = false
    }
  }, [key])
  return {
    shown: key === null ? null : (answer?.outlined ?? null),
    waiting: key !== null && answer?.key !== key,
  }
}
