/** What dropped files hold: their networks by name and shape, and what each would be read as. */
import { createSHA256 } from 'hash-wasm'
import { parse as parseYaml } from 'yaml'
import { namedNetwork } from '../../lib/diagnostics/weights-only'
import { bitsLabel, type Manifest } from '../../lib/record/precision'
import { InputError } from '../../lib/tensor/error'
import type { TensorFile } from '../../lib/tensor/tensor'
import { type GivenConfig, readAbout } from '../../lib/unet/checkpoint'
import { chooseNetwork } from '../../lib/unet/choose-network'
import type { UNetConfig } from '../../lib/unet/config'
import { packedNames } from '../../lib/unet/file-manifest'
import { type FoundNetwork, findNetworks, otherParts, weightLayers } from '../../lib/unet/networks'
import { readOutline } from '../../lib/unet/outline'
import type { Dropped } from '../_drop/dropped'
import type { FoundCheckpoint, FoundFile, NetworkView } from '../_drop/plan'
import { configFor, openDropped, type Part, valuesOf } from './dropped-part'
import { faultOf, type WorkerFault } from './fault'
import { whyUnrun } from './weights-only'

/** A network as it would be read; `view` is it by names. */
export type Outline = {
  view: NetworkView
  config: UNetConfig
  layers: number
  binarized: number
  twoBases: number
  /** 'W1A4', 'fp32', ... */
  bits: string
  /** Whether the file itself says its configuration, so that there is nothing to correct. */
  stated: boolean
  assumptions: string[]
}

export type Outlined = { outline: Outline; fault: null } | { outline: null; fault: WorkerFault }

export async function inspectDropped(dropped: Dropped): Promise<FoundFile> {
  const { file, folder, shards } = dropped
  const about = { name: file.name, folder, bytes: [file, ...shards].reduce((n, { size }) => n + size, 0) }
  try {
    return { ...about, ...(await contentsOf(await openDropped(dropped))), sharded: shards.length > 0 }
  } catch (error) {
    return { ...about, kind: 'unreadable', fault: faultOf(error, file.name) }
  }
}

async function contentsOf(opened: TensorFile) {
  const about = readAbout(opened)
  const usual = await chooseNetwork(opened)
  const found = findNetworks(opened)
  const raw = found.find(({ role }) => role === 'raw')
  return {
    kind: 'checkpoint' as const,
    container: opened.container,
    tensors: opened.tensors.size,
    values: valuesOf(opened),
    run: about?.run ?? null,
    role: about?.role ?? null,
    binarized: Object.values(about?.manifest ?? {}).filter(({ bases }) => bases > 0).length,
    step: about?.step ?? usual.step,
    teacherSha256: about?.teacherSha256 ?? null,
    networks: found.map((network) => viewOf(opened, network, raw)),
    usual: usual.prefix,
    layout: layoutOf(opened, usual, about?.manifest ?? {}),
    beside: [...otherParts(opened, found)],
    fileKind: await kindOf(opened, usual),
  }
}

function viewOf(opened: TensorFile, network: FoundNetwork, raw: FoundNetwork | undefined): NetworkView {
  const { role, prefix, family, names } = network
  const named = namedNetwork(opened, network)
  return {
    role,
    prefix,
    family,
    unrun: whyUnrun(named),
    names: [...names],
    layers: named.layers.map(({ id, shape }) => ({ id, shape })),
    missing: role === 'ema' && raw ? [...raw.names.keys()].filter((bare) => !names.has(bare)) : [],
  }
}

/** Layers by the names of their weights, and those a manifest says are packed. */
function layoutOf(opened: TensorFile, network: FoundNetwork, manifest: Manifest): FoundCheckpoint['layout'] {
  const stored = weightLayers(network.names, opened.tensors)
  const ids = new Set(stored.map(({ id }) => id))
  const packed = Object.entries(manifest).filter(
    ([id, precision]) => !ids.has(id) && packedNames(id, precision).length > 0,
  )
  return [
    ...stored.map(({ id, shape }): [string, number[]] => [id, shape]),
    ...packed.map(([id]): [string, null] => [id, null]),
  ]
}

/** Family and a hash of all names and shapes, in any order. */
async function kindOf({ tensors }: TensorFile, { family }: FoundNetwork): Promise<string> {
  const hasher = await createSHA256()
  const lines = [...tensors].map(([name, { shape }]) => `${name} ${shape.join('x')}\n`).sort()
  for (const line of lines) hasher.update(line)
  return `${family}-${hasher.digest('hex').slice(0, 16)}`
}

export async function outlinePart(part: Part, config: File | null): Promise<Outlined> {
  const { name } = part.dropped.file
  try {
    const opened = await openDropped(part.dropped)
    const given = await configFor(opened, part, config && (await readConfig(config)))
    const checkpoint = await readOutline(opened, given, part.wanted)
    const network = await chooseNetwork(opened, checkpoint.network.prefix)
    const precisions = checkpoint.layers.map(({ id }) => checkpoint.manifest[id]!)
    const outline = {
      view: viewOf(opened, network, undefined),
      config: checkpoint.config,
      layers: checkpoint.layers.length,
      binarized: precisions.filter(({ bases }) => bases > 0).length,
      twoBases: precisions.filter(({ bases }) => bases === 2).length,
      bits: bitsLabel(checkpoint.manifest),
      stated: readAbout(opened) !== null,
      assumptions: checkpoint.assumptions,
    }
    return { outline, fault: null }
  } catch (error) {
    return { outline: null, fault: faultOf(error, name) }
  }
}

export async function readConfig(file: File): Promise<GivenConfig> {
  const text = await file.text()
  const isJson = /\.json$/i.test(file.name)
  try {
    return { json: isJson ? JSON.parse(text) : parseYaml(text), file: file.name }
  } catch (error) {
    throw new InputError({
      file: file.name,
      problem: `it is not ${isJson ? 'JSON' : 'YAML'} (${(error as Error).message.split('\n')[0]!.slice(0, 120)})`,
      remedy: 'Drop the configuration as the training wrote it.',
    })
  }
}
