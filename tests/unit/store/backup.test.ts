import { appendFile, mkdtemp, readdir, rm, unlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { backupStore, restoreStore } from '../../../lib/store/backup'
import { blobFile, putBlob } from '../../../lib/store/blobs'
import { getCheckpoint, storeCheckpoint } from '../../../lib/store/checkpoints'
import { closeDb } from '../../../lib/store/db'
import { createShare, openShare } from '../../../lib/store/shares'
import { isSound, verifyStore } from '../../../lib/store/verify'
import { run } from '../cli/command-line'
import { sampleUpload } from './sample-upload'
import { useTemporaryStore } from './temporary-store'

useTemporaryStore()

const view = { page: 'run', run: 'w1a4-lmb', layer: null, query: '', checkpoints: [] as string[] } as const
let folder: string
let [id, sha256, token] = ['', '', '']
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'signscope-backup-'))
  sha256 = (await putBlob(new Uint8Array(100_000).fill(7))).sha256
  id = (await storeCheckpoint({ ...sampleUpload(), sha256 })).id
  token = (await createShare({ ...view, checkpoints: [id] })).token
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const inFolder = (name: string) => path.join(folder, name)

/** Works on the store of another folder, then on the one before. */
async function inStore<T>(other: string, work: () => Promise<T>): Promise<T> {
  const before = process.env.SIGNSCOPE_DATA
  process.env.SIGNSCOPE_DATA = other
  try {
    return await work()
  } finally {
    await closeDb()
    process.env.SIGNSCOPE_DATA = before
  }
}

it('a backup restored elsewhere has every checkpoint, every file and every share link', async () => {
  expect(await backupStore(inFolder('whole'))).toEqual({ blobs: 1, bytes: 100_000 })
  expect(isSound(await verifyStore(inFolder('whole')))).toBe(true)
  await inStore(inFolder('again'), async () => {
    expect(await restoreStore(inFolder('whole'))).toEqual({ blobs: 1, bytes: 100_000 })
    expect(await getCheckpoint(id)).toMatchObject({ sha256, hasWeights: true })
    expect(await openShare(token)).toMatchObject({ checkpoints: [id] })
    expect(await verifyStore()).toMatchObject({ database: [], missing: [], damaged: [], unknown: 0 })
  })
})

it('a backup can be served as it is', async () => {
  await inStore(inFolder('whole'), async () => {
    expect(await getCheckpoint(id)).toMatchObject({ hasWeights: true })
  })
})

it('neither a store nor a backup is written over', async () => {
  await expect(backupStore(inFolder('whole'))).rejects.toThrow(/holds a store/)
  await expect(restoreStore(inFolder('whole'))).rejects.toThrow(/holds a store/)
})

it('a folder whose backup was interrupted holds none, and a second backup completes it', async () => {
  await backupStore(inFolder('broken-off'))
  await rm(inFolder('broken-off/signscope.db'))
  await inStore(inFolder('nothing'), () =>
    expect(restoreStore(inFolder('broken-off'))).rejects.toThrow(/holds no backup/),
  )
  await backupStore(inFolder('broken-off'))
  expect(isSound(await verifyStore(inFolder('broken-off')))).toBe(true)
})

it.each([
  ['changed', (file: string) => appendFile(file, 'x'), /not those that were stored/],
  ['missing', unlink, /missing/],
])('a backup with a %s file is told by verify and not restored', async (what, spoil, message) => {
  await backupStore(inFolder(what))
  await spoil(blobFile(sha256, inFolder(what)))
  const { code, stdout } = await run('verify', inFolder(what))
  expect([code, stdout]).toEqual([1, expect.stringContaining(sha256)])
  await inStore(inFolder(`${what}-restored`), async () => {
    await expect(restoreStore(inFolder(what))).rejects.toThrow(message)
    expect(await readdir(inFolder(`${what}-restored`))).not.toContain('signscope.db')
  })
})

it('a backup whose database is damaged is not restored', async () => {
  await backupStore(inFolder('no-database'))
  await rm(inFolder('no-database/signscope.db'))
  await appendFile(inFolder('no-database/signscope.db'), 'these are not the bytes of a database'.repeat(100))
  await inStore(inFolder('from-no-database'), () =>
    expect(restoreStore(inFolder('no-database'))).rejects.toThrow(/cannot be read as a database/),
  )
})

it('the commands say what they did as JSON, and what they refuse with exit code 2', async () => {
  const written = await run('backup', inFolder('by-command'), '--json')
  expect([written.code, JSON.parse(written.stdout)]).toEqual([
    0,
    { folder: inFolder('by-command'), blobs: 1, bytes: 100_000 },
  ])
  expect(await run('restore', inFolder('by-command'))).toMatchObject({ code: 2 })
  const restored = await inStore(inFolder('by-restore'), () =>
    run('restore', inFolder('by-command'), '--json'),
  )
  expect(JSON.parse(restored.stdout)).toMatchObject({ folder: inFolder('by-restore'), blobs: 1 })
  const verified = await run('verify', inFolder('by-restore'), '--json')
  expect([verified.code, JSON.parse(verified.stdout)]).toEqual([
    0,
    expect.objectContaining({ sound: true, checkpoints: 1, blobs: 1, bytes: 100_000 }),
  ])
  expect(await run('verify', folder)).toMatchObject({ code: 2 })
})
