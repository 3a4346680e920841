/** TensorBoard's logs as runs: scalars, histograms as layer statistics, images as samples. */
import { readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Scalar } from '../record/run'
import { type Logged, readEvents } from '../record/tensorboard'
import { type LayerLog, lastStep } from '../record/training-job'
import { putLayerLogs } from '../store/layer-logs'
import { putPicture } from '../store/pictures'
import { replaceNamedScalars } from '../store/scalars'
import { beginRun, changeRun } from '../store/training-runs'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import { type Command, onlyPositional, printResult, text } from './command'
import { isFolder } from './open'
import { withStore } from './with-store'

export const tensorboard: Command = {
  summary: 'bring in what TensorBoard logged: scalars, histograms, images',
  help: `usage: tensorboard PATH [--run NAME]

PATH is an event file (events.out.tfevents.*) or a folder of them, searched with its subfolders; all of it is one run.
Running it again brings the run up to date: scalars of the same names are replaced, as are the histograms and images of
the same steps. Values that are not finite and steps below 0 are left out. The store is ./data, or $SIGNSCOPE_DATA.

  --run NAME  run to store in (default: the name of the folder); made if it is new
  --json      one JSON document on stdout`,
  options: { run: { type: 'string' }, json: { type: 'boolean' } },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'PATH')
    const files = eventFiles(path)
    const run = text(flags, 'run') ?? basename(resolve(isFolder(path) ? path : dirname(path)))
    const done = await withStore(() => importEvents(run, files))
    printResult(
      flags,
      { run, files: files.length, ...done },
      `${run}: ${done.scalars} scalars, ${done.histograms} histograms, ${done.images} images from ${files.length} files`,
    )
    return 0
  },
}

/** What was stored of it. */
type Counts = { scalars: number; histograms: number; images: number }

/** Stores what event files hold as one run. All are read before anything is stored, so a damaged one changes nothing. */
export async function importEvents(run: string, files: readonly string[]): Promise<Counts> {
  const scalars: Scalar[] = []
  const layers: LayerLog[] = []
  const images: Extract<Logged, { kind: 'image' }>[] = []
  for (const file of files) {
    const source = await openFileSource(file)
    try {
      for await (const logged of readEvents(source)) {
        if (logged.step < 0 || logged.step > lastStep || logged.tag.length > 512) continue
        if (logged.kind === 'scalar')
          scalars.push({ name: logged.tag, step: logged.step, value: logged.value })
        else if (logged.kind === 'histogram') layers.push(layerLog(logged))
        // a view into the block that was read would keep all of it
        else images.push({ ...logged, png: new Uint8Array(logged.png) })
      }
    } finally {
      await source.close()
    }
  }
  const { id } = await beginRun({ name: run })
  await replaceNamedScalars(run, scalars)
  for (let i = 0; i < layers.length; i += 1000) await putLayerLogs(run, layers.slice(i, i + 1000))
  for (const { tag, step, png } of images)
    await putPicture(run, { step, name: tag.slice(0, 120), seed: null, png })
  // A log that is read is not a training that runs.
  await changeRun(id, { outcome: 'finished' })
  return { scalars: scalars.length, histograms: layers.length, images: images.length }
}

function layerLog({ tag, step, histogram, moments }: Extract<Logged, { kind: 'histogram' }>): LayerLog {
  return { layer: tag, step, facts: {}, values: moments ?? {}, histograms: { weight: histogram } }
}

function eventFiles(path: string): string[] {
  if (!isFolder(path)) return [path]
  const found = readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => basename(name).includes('.tfevents.'))
    .map((name) => join(path, name))
  // their names begin with the time they were begun at
  if (found.length > 0) return found.sort()
  throw new InputError({
    file: path,
    problem: 'the folder holds no event file',
    remedy: 'Give a folder with files named events.out.tfevents.*',
  })
}
