'use client'

import { useMemo } from 'react'
import type { Packed } from './packed'

/** The data of a text; the same object as long as the text is the same. */
export function usePacked<T>(text: Packed<T>): T {
  return useMemo(() => JSON.parse(text), [text])
}
