/** A large store for `bench browse`: records of a real diagnosis, multiplied inside the database. */
import { spawnSync } from 'node:child_process'
import type { Audit } from '../../lib/record/audit'
import type { CheckpointDetail, CheckpointUpload, LayerRecord } from '../../lib/record/run'
import { findCheckpoint, storeCheckpoint } from '../../lib/store/checkpoints'
import { colourSlots } from '../../lib/store/claim-run'
import { closeDb, openDatabase } from '../../lib/store/db'
import { databaseFile } from '../../lib/store/folder'
import { migrate } from '../../lib/store/migrate'

export type Size = { runs: number; checkpoints: number; layers: number }

/** What the benchmark asks for. */
export type Stored = {
  /** Runs whose layers have all that a diagnosis finds. */
  full: string[]
  /** Steps of every run, ascending. */
  steps: number[]
  /** Layers of every checkpoint. */
  layers: string[]
  /** As a training sends it. */
  upload: CheckpointUpload
}

/** Runs with whole records; each checkpoint of theirs takes megabytes. */
const fullRuns = 4
const teachers = 10
const stepsBetween = 200
const methods = ['sign', 'lmb', 'ebb']
const bits = ['W1A4', 'W1A8', 'W1A32']

/** Fills the store of $SIGNSCOPE_DATA. */
export async function makeStore(size: Size, say: (line: string) => void): Promise<Stored> {
  await migrate()
  importPair()
  const real = (await findCheckpoint('mnist-v1', null))!
  const lean = await storeTemplate('lean', withLayers(real, size.layers, leanLayer))
  const full = await storeTemplate(
    'full',
    withLayers(real, size.layers, (record) => record),
  )
  const teacher = (await findCheckpoint('mnist-teacher', null))!
  await closeDb()

  const names = Array.from({ length: size.runs }, (_, i) => runName(i))
  const steps = Array.from({ length: size.checkpoints }, (_, i) => (i + 1) * stepsBetween)
  const client = openDatabase(databaseFile())
  // Nobody else reads it, and what a crash leaves is made anew.
  for (const pragma of ['journal_mode = OFF', 'synchronous = OFF', 'cache_size = -200000'])
    await client.$queryRawUnsafe(`PRAGMA ${pragma}`)
  const columnsOf = async (table: string) => {
    const columns = await client.$queryRawUnsafe<{ name: string }[]>(`PRAGMA table_info(${table})`)
    return columns.map(({ name }) => `"${name}"`)
  }
  const [ofCheckpoint, ofLayer] = [await columnsOf('Checkpoint'), await columnsOf('Layer')]
  for (const [i, name] of names.entries()) {
    const isTeacher = i < teachers
    const isFull = !isTeacher && i < teachers + fullRuns
    const runId = `${keyOf('run', i)}000000`
    await client.run.create({
      data: {
        id: runId,
        name,
        role: isTeacher ? 'teacher' : 'student',
        teacherName: isTeacher ? null : runName(i % teachers),
        method: isTeacher ? 'teacher' : methods[i % methods.length]!,
        bits: isTeacher ? 'FP32' : bits[i % bits.length]!,
        colour: isTeacher ? null : i % colourSlots,
        settings: { seed: i, steps: steps.at(-1)!, method: methods[i % methods.length]!, lr: 1e-4 },
        updatedAt: new Date(Date.UTC(2026, 0, 1) + i * 60_000),
      },
    })
    const template = isTeacher ? teacher.id : isFull ? full : lean
    for (const [k, step] of steps.entries()) {
      const isLast = k === steps.length - 1
      const values: Record<string, string> = {
        '"id"': `'${keyOf('cp', i)}${String(k).padStart(6, '0')}'`,
        '"runId"': `'${runId}'`,
        '"step"': String(step),
        // A teacher's last checkpoint is the one students name.
        '"sha256"': isTeacher && isLast ? '"sha256"' : 'lower(hex(randomblob(32)))',
        '"outputSqnr"': isTeacher ? 'NULL' : String(8 + 12 * (1 - Math.exp(-(k + 1) / 12)) + (i % 97) / 40),
        // Lists draw the last ones only.
        '"samples"': isLast || isFull ? '"samples"' : 'NULL',
        ...(isTeacher && { '"audit"': 'NULL', '"sweep"': 'NULL' }),
      }
      await client.$executeRawUnsafe(
        `INSERT INTO Checkpoint (${ofCheckpoint.join()})
         SELECT ${ofCheckpoint.map((column) => values[column] ?? column).join()} FROM Checkpoint WHERE id = '${template}'`,
      )
    }
    const copied = ofLayer.filter((column) => column !== '"id"')
    await client.$executeRawUnsafe(
      `INSERT INTO Layer (${copied.join()})
       SELECT ${copied.map((column) => (column === '"checkpointId"' ? 'c.id' : `l.${column}`)).join()}
       FROM Checkpoint c CROSS JOIN Layer l WHERE c.runId = '${runId}' AND l.checkpointId = '${isFull ? full : lean}'
       ORDER BY c.id, l.position`,
    )
    if (isFull)
      await client.scalar.createMany({
        data: Array.from({ length: 1000 }, (_, k) => ({
          ...{ runId, name: 'loss', step: k * 10, value: 0.05 + 1 / (k + 1) },
        })),
      })
    if ((i + 1) % 100 === 0) say(`${i + 1} of ${size.runs} runs stored`)
  }
  await client.run.deleteMany({ where: { name: { in: ['lean', 'full', 'mnist-v1', 'mnist-teacher'] } } })
  await client.$queryRawUnsafe('PRAGMA journal_mode = WAL')
  await client.$disconnect()
  const first = withLayers(real, size.layers, (record) => record)
  return {
    full: names.slice(teachers, teachers + fullRuns),
    steps,
    layers: first.diagnosis.layers.map(({ layer }) => layer.id),
    upload: uploadOf('written', first),
  }
}

const runName = (i: number): string =>
  i < teachers ? `teacher-${i}` : `w1-${methods[i % methods.length]}-${String(i).padStart(4, '0')}`

/** The first 19 of the 25 characters an id has. */
const keyOf = (kind: string, i: number): string => kind + String(i).padStart(19 - kind.length, '0')

/** As a user would: what is stored then is what a diagnosis finds. */
function importPair(): void {
  for (const file of ['mnist-teacher/step-009000.safetensors', 'mnist-v1/step-001000.safetensors']) {
    const { status } = spawnSync(
      process.execPath,
      ['--import', 'tsx', 'lib/cli/main.ts', 'import', `public/demo/${file}`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    if (status !== 0) throw new Error(`the import of ${file} failed`)
  }
}

/** The layers of a checkpoint, again and again under other names until there are enough. */
function withLayers(
  detail: CheckpointDetail,
  count: number,
  change: (record: LayerRecord) => LayerRecord,
): CheckpointDetail {
  const { layers, audit, ...diagnosis } = detail.diagnosis
  const places = Array.from({ length: count }, (_, i) => ({
    id: `block.${i}.conv`,
    from: layers[i % layers.length]!,
  }))
  const rows: Audit['layers'] = places.flatMap(({ id, from }) => {
    const row = audit?.layers.find(({ layer }) => layer === from.layer.id)
    return row ? [{ ...row, layer: id }] : []
  })
  return {
    ...detail,
    diagnosis: {
      ...diagnosis,
      layers: places.map(({ id, from }) => change({ ...from, layer: { ...from.layer, id } })),
      ...(audit && { audit: { ...audit, layers: rows } }),
    },
  }
}

const leanLayer = ({ layer, precision }: LayerRecord): LayerRecord => ({
  layer,
  precision,
  weights: {
    ...{ latent: null, teacher: null, sigma1: null, sigma2: null, levelShares: null, alpha: null },
    ...{ reconstruction: null, againstTeacher: null, flips: null },
  },
  alignment: null,
})

async function storeTemplate(name: string, detail: CheckpointDetail): Promise<string> {
  const upload = uploadOf(name, detail)
  if (name === 'full') return (await storeCheckpoint(upload)).id
  const { audit: _audit, sweep: _sweep, ...diagnosis } = upload.diagnosis
  return (await storeCheckpoint({ ...upload, diagnosis })).id
}

function uploadOf(name: string, detail: CheckpointDetail): CheckpointUpload {
  const { step, fileName, sha256, bytes, teacherSha256, diagnosis, samples } = detail
  return {
    ...{ step, fileName, sha256, bytes, teacherSha256, diagnosis, samples },
    run: {
      ...{ name, role: 'student', teacher: runName(0), method: 'lmb', bits: 'W1A4' },
      settings: { seed: 7, steps: 10_000 },
    },
  }
}
