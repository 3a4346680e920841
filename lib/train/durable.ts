/** Files that are whole or not there, whenever the process is killed. */
import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'

/** Temp file, fsync, rename: a reader sees the old file or the whole new one. */
export function writeDurably(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`
  const fd = openSync(temporary, 'w')
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(temporary, path)
}
