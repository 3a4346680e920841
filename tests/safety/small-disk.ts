import { spawnSync } from 'node:child_process'
import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type SmallDisk = {
  kind: 'tmpfs' | 'file size limit'
  folder: string
  /** Leaves room for so many bytes. */
  leave(bytes: number): void
  /** Gives plenty of room back. */
  free(): void
}

/**
 * A disk that can be full: a tmpfs of its own where this process may mount one (as root, or started by `asMounter`), else
 * a folder in which no file may grow beyond a limit (EFBIG instead of ENOSPC).
 */
export function smallDisk(): SmallDisk {
  const folder = mkdtempSync(path.join(tmpdir(), 'signscope-disk-'))
  const resize = (bytes: number) =>
    spawnSync('mount', ['-o', `remount,size=${bytes}`, folder], { stdio: 'inherit' })
  const plenty = 256 * 2 ** 20
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${plenty}`, 'tmpfs', folder])
  if (mounted.status === 0)
    return {
      kind: 'tmpfs',
      folder,
      leave: (bytes) => {
        const { blocks, bfree, bsize } = statfsSync(folder)
        resize((blocks - bfree) * bsize + Math.ceil(bytes / bsize) * bsize)
      },
      free: () => resize(plenty),
    }
  const limit = (soft: string) => {
    const { status, stderr } = spawnSync('prlimit', [`--pid=${process.pid}`, `--fsize=${soft}:unlimited`])
    if (status !== 0) throw new Error(`neither mount nor prlimit works here: ${stderr}`)
  }
  return {
    kind: 'file size limit',
    folder,
    leave: (bytes) => limit(String(Math.ceil(bytes))),
    free: () => limit('unlimited'),
  }
}

/** What to start a process with so that it may mount, and leaves no mount behind; [] where nobody lets us. */
export function asMounter(): string[] {
  const ways = [
    ['unshare', '-m'],
    ['unshare', '-r', '-m'],
  ]
  const may = ([program = '', ...args]: string[]) =>
    spawnSync(program, [...args, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0
  return ways.find(may) ?? []
}
