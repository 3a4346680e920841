/** The state of a training on disk: everything a restart needs, in two generations. */
import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { Manifest } from '../record/layer-precision'
import { InputError } from '../tensor/error'
import { openFileSource } from '../tensor/file-source'
import { openTensors } from '../tensor/open'
import { writeSafetensors } from '../tensor/safetensors'
import type { Tensor, TensorFile } from '../tensor/tensor'
import { writeDurably } from './durable'
import { type Training, variable } from './training'

const newest = 'state.safetensors'
const previous = 'state.previous.safetensors'
const parts = ['value', 'ema', 'm', 'v'] as const
const axesPrefix = 'axes/'

/** Step of first use of the variables that were not there from the start. */
const Born = z.record(z.string(), z.int())

const Unlogged = z.array(
  z.object({ total: z.number(), eps: z.number(), lrm: z.nullable(z.number()), ebb: z.nullable(z.number()) }),
)

/** Writes the state; the one before it is kept as the second generation. */
export function saveState(training: Training, folder: string): void {
  const { config, manifest, variables, axes, step, unlogged } = training
  const tensors = new Map<string, { tensor: Tensor; dtype: 'F32' }>()
  for (const [name, variable] of variables) {
    for (const part of parts) {
      const tensor = { shape: variable.shape, data: variable[part] }
      tensors.set(`${part}/${name}`, { tensor, dtype: 'F32' })
    }
  }
  for (const [id, tensor] of axes) tensors.set(`${axesPrefix}${id}`, { tensor, dtype: 'F32' })
  const born = Object.fromEntries([...variables].flatMap(([name, v]) => (v.born > 0 ? [[name, v.born]] : [])))
  const current = join(folder, newest)
  if (existsSync(current)) renameSync(current, join(folder, previous))
  const metadata = new Map([
    ['step', String(step)],
    ['config', JSON.stringify(config)],
    ['manifest', JSON.stringify(manifest)],
    ['born', JSON.stringify(born)],
    ['unlogged', JSON.stringify(unlogged)],
  ])
  writeDurably(current, writeSafetensors(tensors, metadata))
}

/** Whether a training of this folder was saved before. */
export function hasState(folder: string): boolean {
  return [newest, previous].some((name) => existsSync(join(folder, name)))
}

/**
 * Continues from the newest whole state in `folder`; false if there is none. Throws an InputError if the state
 * belongs to another configuration.
 */
export async function resumeTraining(training: Training, folder: string): Promise<boolean> {
  for (const name of [newest, previous]) {
    const path = join(folder, name)
    if (!existsSync(path)) continue
    const source = await openFileSource(path)
    try {
      const file = await openTensors(source)
      if (file.metadata.get('config') !== JSON.stringify(training.config)) {
        throw new InputError({
          file: path,
          item: 'config',
          problem: 'this state was saved by a training with another configuration',
          remedy: 'Restore the configuration, or start without --resume.',
        })
      }
      await restore(training, file)
      return true
    } catch (error) {
      // a damaged state is no reason to lose the one before it; another configuration is
      const older = join(folder, previous)
      const damaged = error instanceof InputError && error.item !== 'config'
      if (!damaged || path === older || !existsSync(older)) throw error
    } finally {
      await source.close()
    }
  }
  return false
}

async function restore(training: Training, file: TensorFile): Promise<void> {
  const json = (key: string): unknown => JSON.parse(file.metadata.get(key) ?? 'null')
  const manifest = z.parse(Manifest, json('manifest') ?? {})
  const born = z.parse(Born, json('born') ?? {})
  const unlogged = z.parse(Unlogged, json('unlogged') ?? [])
  const variables: Training['variables'] = new Map()
  const axes: Training['axes'] = new Map()
  for (const key of file.tensors.keys()) {
    const slash = key.indexOf('/') + 1
    const name = key.slice(slash)
    if (key.startsWith(axesPrefix)) axes.set(name, await file.read(key))
    if (!key.startsWith('value/')) continue
    const { shape, data } = await file.read(key)
    const restored = variable(training.config, name, data, [...shape], born[name])
    for (const part of parts) restored[part].set((await file.read(`${part}/${name}`)).data)
    variables.set(name, restored)
  }
  const step = Number(file.metadata.get('step'))
  Object.assign(training, { manifest, variables, axes, step, unlogged })
}
