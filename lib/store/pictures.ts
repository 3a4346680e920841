/** Pictures a training job drew: PNG files, small enough to live in the database. */

import { readPng } from '../record/png'
import type { Picture } from '../record/training-job'
import { checkText, db, write } from './db'
import { touchRun } from './training-runs'

const columns = { id: true, step: true, name: true, seed: true, width: true, height: true } as const

export type NewPicture = { step: number; name: string; seed: number | null; png: Uint8Array }

/** Stores a picture; one of the same step, name and seed takes the place of the one before. Throws an InputError for no PNG. */
export async function putPicture(runName: string, picture: NewPicture): Promise<{ id: string }> {
  const { step, name, seed, png } = picture
  checkText('name', name, 120)
  const size = readPng(name, png)
  return write(async (tx, now) => {
    const runId = await touchRun(tx, runName, now)
    await tx.picture.deleteMany({ where: { runId, step, name, seed } })
    const data = { runId, step, name, seed, ...size, png: new Uint8Array(png) }
    return tx.picture.create({ data, select: { id: true } })
  })
}

/** The pictures of a run, the latest step first. */
export async function listPictures(runId: string, most?: number): Promise<Picture[]> {
  return db().picture.findMany({
    where: { runId },
    select: columns,
    orderBy: [{ step: 'desc' }, { name: 'asc' }, { seed: 'asc' }],
    take: most,
  })
}

export async function countPictures(runId: string): Promise<number> {
  return db().picture.count({ where: { runId } })
}

/** The PNG of a picture; null if there is none of this id. */
export async function getPng(id: string): Promise<Uint8Array<ArrayBuffer> | null> {
  const row = await db().picture.findUnique({ where: { id }, select: { png: true } })
  return row && new Uint8Array(row.png)
}
