import { cache } from 'react'
import { getRun } from '../../lib/store/runs'

/** A run by its name, looked up once for a page and its metadata. */
export const storedRun = cache(getRun)
