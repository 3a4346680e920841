import { statfsSync } from 'node:fs'
import { dataFolder } from './folder'

/** Bytes that still fit on the disk of the store. */
export function freeBytes(folder: string = dataFolder()): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}
