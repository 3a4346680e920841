import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type BitPlan, bitsOf, type LayerBits, planNames, plannedBits, presetPlan } from '../cost/bits'
import { claimedNetwork, compareClaims } from '../cost/claims'
import {
  type ConventionName,
  type Cost,
  type CostedNetwork,
  conventionNames,
  costOf,
  measuredCost,
} from '../cost/conventions'
import { isLayerList, readLayerList } from '../cost/layer-list'
import { basisPlaces } from '../quant/basis-places'
import { InputError } from '../tensor/error'
import { parseTrainConfig } from '../train/config'
import { manifestAt, type StudentConfig } from '../train/plan'
import { architecture, layerList } from '../unet/architecture'
import type { GivenConfig } from '../unet/checkpoint'
import { parseConfig } from '../unet/config'
import { parameterCount } from '../unet/unet'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  oneOf,
  onlyPositional,
  printResult,
  text,
} from './command'
import { type CostReport, describeCost } from './cost-table'
import { isFolder, openCheckpoint, readConfigFile } from './open'

export const cost: Command = {
  summary: "count MACs, operations and bytes under the papers' conventions, each ratio with its formula",
  help: `usage: cost FILE|CONFIG [--convention NAME] [--preset NAME] [--layers] [--claims]

FILE is a checkpoint, counted at the precision its manifest states. CONFIG is the configuration of a student's training, counted
as the student it ends with, its teacher beside it; or that of a network or of a teacher's training (yaml or json), counted as the student
of --preset; or a list of layers, what inspect --json says of a file. Conventions:
  v1               BinaryDM v1: all MACs * w * a / 64, second bases and kept layers not looked at; G = 2^30
  mid              the version between: Eq. 16-17 for every basis, 16-bit scales
  v5-eq17          v5: OPs = BOPs/64 + FLOPs (Eq. 16-17), second bases not counted, 16-bit scales
  bases-counted    Eq. 16-17 for every basis; bytes of a packed file
  measured-file    the bytes of FILE itself
An operation is a multiply-accumulate of a conv or linear layer, for one image and one call; "full" is all of them, and 4
bytes per value.

  --convention C       one of them, or all (default)
  --preset P           count the network as the finished student of baseline, v1 (default for CONFIG) or v5: W1A4
  --weights-bits N     1, 2, 4, 8 or 32 bits per weight and basis, in place of the preset's
  --activation-bits N  4, 8 or 32 bits per input value, in place of the preset's
  --kept-bits N        bits of first and last convolution and time MLP: 32, 8, or same as the others
  --two-bases WHERE    second basis: none, all, v1 (feature scale at least 1/2), released-code (input blocks 0-5, output
                       blocks 6-11) or first-6-last-5 (blocks)
  --layers             a table of the layers for each convention (always part of --json)
  --claims             what BinaryDM's versions print for this network (LDM-4, LDM-8), worked out from its layers
${checkpointHelp}`,
  options: {
    ...checkpointOptions,
    convention: { type: 'string' },
    preset: { type: 'string' },
    'weights-bits': { type: 'string' },
    'activation-bits': { type: 'string' },
    'kept-bits': { type: 'string' },
    'two-bases': { type: 'string' },
    layers: { type: 'boolean' },
    claims: { type: 'boolean' },
  },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const convention = oneOf(flags, 'convention', [...conventionNames, 'all'], 'all')
    const plan = planOf(flags)
    const source = await sourceOf(path, flags)
    const used = plan ?? (source.bits === null ? presetPlan('v1') : null)
    const { layers, parameters } = source
    const network = { layers, parameters, bits: used ? plannedBits(layers, used) : source.bits! }
    const costs = countedCosts(network, convention, source.fileBytes, path)
    const name = claimedNetwork(network)
    if (flags.claims && name === null) {
      throw new InputError({
        file: path,
        item: '--claims',
        problem: `BinaryDM prints no cost of a network of ${network.parameters} parameters`,
        remedy: 'Give the U-Net of LDM-4 (LSUN-Bedrooms) or LDM-8 (LSUN-Churches).',
      })
    }
    const claims = flags.claims && name !== null ? compareClaims(name, network) : []
    const report: CostReport = { file: path, ...network, plan: used, costs, claims }
    printResult(flags, jsonOf(report), describeCost(report, flags.layers === true))
    return 0
  },
}

/** bits: null if what was read says nothing of them. fileBytes: null if it is no checkpoint. */
type Source = Pick<CostedNetwork, 'layers' | 'parameters'> & {
  bits: readonly LayerBits[] | null
  fileBytes: number | null
}

async function sourceOf(path: string, flags: Flags): Promise<Source> {
  const document = readDocument(path)
  if (document && isLayerList(document.json))
    return { ...readLayerList(document.json, path), fileBytes: null }
  const training = document && isStudentTraining(document.json) ? parseTrainConfig(document.json, path) : null
  if (training?.role === 'student') return trainedBy(training, path)
  if (document) {
    const config = parseConfig(networkIn(document.json), path)
    return { layers: layerList(config), parameters: parameterCount(config), bits: null, fileBytes: null }
  }
  const { checkpoint, path: weights } = await openCheckpoint(path, flags)
  const { layers, manifest, config } = checkpoint
  const bits = layers.map(({ id }) => bitsOf(manifest[id]!))
  return { layers, bits, parameters: parameterCount(config), fileBytes: statSync(weights).size }
}

const isStudentTraining = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'role' in json && json.role === 'student'

/** The student a training ends with: of its teacher's architecture, each layer with the bases its recipe has for it. */
async function trainedBy(training: StudentConfig, path: string): Promise<Source> {
  const { checkpoint } = await openCheckpoint(resolve(dirname(path), training.teacher))
  const { layers, config } = checkpoint
  const manifest = manifestAt(training, architecture(config), training.steps)
  const bits = layers.map(({ id }) => bitsOf(manifest[id]!))
  return { layers, bits, parameters: parameterCount(config), fileBytes: null }
}

/** The configuration of the network a training configuration is about; any other as it is. */
function networkIn(json: unknown): unknown {
  const isTraining = typeof json === 'object' && json !== null && 'role' in json && 'model' in json
  return isTraining ? json.model : json
}

/** No configuration comes near it. */
const mostDocumentBytes = 2 ** 24

/** The yaml or json document a path holds; null for everything that is not text (checkpoints, folders, nothing there). */
function readDocument(path: string): GivenConfig | null {
  if (isFolder(path) || !startsAsText(path) || statSync(path).size > mostDocumentBytes) return null
  return readConfigFile(path)
}

function startsAsText(path: string): boolean {
  const start = Buffer.alloc(512)
  try {
    const file = openSync(path, 'r')
    const length = readSync(file, start, 0, start.length, 0)
    closeSync(file)
    return length > 0 && start.subarray(0, length).every((c) => c >= 32 || c === 9 || c === 10 || c === 13)
  } catch {
    return false // opening it as a checkpoint says why
  }
}

function countedCosts(
  network: CostedNetwork,
  convention: ConventionName | 'all',
  fileBytes: number | null,
  path: string,
): Cost[] {
  if (convention === 'measured-file' && fileBytes === null) {
    throw new InputError({
      file: path,
      item: '--convention',
      problem: 'measured-file measures a checkpoint, and this is none',
      remedy: 'Give a checkpoint, or another convention.',
    })
  }
  const names = convention === 'all' ? conventionNames : [convention]
  return names.flatMap((name) => {
    if (name !== 'measured-file') return costOf(network, name)
    return fileBytes === null ? [] : measuredCost(network.parameters, fileBytes)
  })
}

/** What the flags ask to count the network as; null if they leave that to the file. */
function planOf(flags: Flags): BitPlan | null {
  const names = ['preset', 'weights-bits', 'activation-bits', 'kept-bits', 'two-bases']
  if (names.every((name) => text(flags, name) === undefined)) return null
  const preset = presetPlan(oneOf(flags, 'preset', planNames, 'v1'))
  const weight = Number(oneOf(flags, 'weights-bits', ['1', '2', '4', '8', '32'], String(preset.weight)))
  const activation = Number(oneOf(flags, 'activation-bits', ['4', '8', '32'], String(preset.activation)))
  const kept = oneOf(flags, 'kept-bits', ['32', '8', 'same'], preset.kept === 8 ? '8' : '32')
  const places = weight === 1 ? (preset.twoBases ?? 'none') : 'none'
  const twoBases = oneOf(flags, 'two-bases', ['none', ...basisPlaces], places)
  if (twoBases !== 'none' && weight !== 1) {
    throw new InputError({
      file: '--two-bases',
      problem: `a second basis is of 1-bit weights, and these have ${weight}`,
      remedy: 'Leave out --two-bases or --weights-bits.',
    })
  }
  return {
    weight,
    activation,
    kept: kept === 'same' ? null : Number(kept),
    twoBases: twoBases === 'none' ? null : twoBases,
  }
}

/** The report without the layer records, whose costs are in `costs`. */
function jsonOf({ layers, bits, ...report }: CostReport) {
  return { ...report, layerCount: layers.length }
}
