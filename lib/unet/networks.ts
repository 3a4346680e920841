/**
 * Which networks a tensor file holds, from names and shapes alone. Training code wraps its networks (`module.`,
 * `model.diffusion_model.`), keeps averages and teachers beside them, and adds parts that are no U-Net (autoencoder,
 * text encoder, schedule). Here each network is found with the names of its own modules, whatever they are stored as.
 */
import type { NetworkFamily } from '../record/run'
import { sameShape, sizeOf, type TensorFile, type TensorInfo } from '../tensor/tensor'

/** raw: the weights that were trained; ema: their moving average; teacher: what a student was trained against. */
export const networkRoles = ['raw', 'ema', 'teacher', 'teacher-ema'] as const
export type NetworkRole = (typeof networkRoles)[number]

export type FoundNetwork = {
  role: NetworkRole
  /** What its stored names start with: `state_dict/model.diffusion_model.`; '' where they are bare. */
  prefix: string
  /** Stored names by bare names: the dotted paths of its own modules. */
  names: Map<string, string>
  family: NetworkFamily
  /** Training step, if the file or its name tells it. */
  step: number | null
  /** Why no forward pass can be run, as a sentence; null if one can. */
  unsupported: string | null
}

/** A conv or linear layer as name and shape of its weight tell it. */
export type WeightLayer = {
  id: string
  kind: 'conv' | 'linear'
  /** Of the weight: OIHW, OIW or [out, in]. */
  shape: number[]
}

/** What modules are wrapped in, and whom that makes them. */
const wrappers = new Map<string, { ema?: boolean; teacher?: true }>([
  ...['module', '_orig_mod', 'model', 'diffusion_model', 'unet', 'net'].map((word) => [word, {}] as const),
  ...['student', 'online_model'].map((word) => [word, { ema: false }] as const),
  ...['ema', 'ema_model', 'model_ema'].map((word) => [word, { ema: true }] as const),
  ...['model2', 'teacher', 'teacher_model'].map((word) => [word, { teacher: true }] as const),
])

/** Parts of a training that are no network to look at, by the word their names start with. */
const asides = new Set(['first_stage_model', 'cond_stage_model', 'loss'])

/** Root keys under which trainings keep their weights; any other key is taken if none of these is there. */
const usualKeys = new Set(
  ['', '0', 'state_dict', 'model', 'model_state_dict', 'net', 'unet', 'params', 'weights', 'network'].concat([
    'model_ema',
    'ema',
    'ema_model',
    'ema_state_dict',
    'params_ema',
    'g',
    'g_ema',
  ]),
)

type Candidate = {
  /** Path of keys before the name, with its last slash. */
  path: string
  prefix: string
  ema: boolean
  teacher: boolean
  names: Map<string, string>
}

/**
 * Every network in the file, the likeliest of each role first: U-Nets of known families, then those under usual keys, then
 * the larger ones. Empty if nothing in it looks like a network.
 */
export function findNetworks(file: TensorFile): FoundNetwork[] {
  const { tensors } = file
  const names = [...tensors.keys()]
  const wanted = candidates(names.filter((name) => !isAside(name)))
  const all = wanted.some((c) => isNetwork(c, tensors)) ? wanted : candidates(names)
  const dotted = [...groupBy(all, ({ path }) => path).values()].flatMap((group) => pick(group, tensors))
  const found = [...markListAverage(dotted, tensors), ...dotless(names, dotted, tensors)]
  if (found.length === 1 && isAverageName(file.name)) found[0]!.ema = true
  const step = stepOf(file)
  return found
    .map((c) => ({ ...c, rank: rankOf(c, tensors), role: roleOf(c), family: familyOf(c.names) }))
    .sort((a, b) => networkRoles.indexOf(a.role) - networkRoles.indexOf(b.role) || compare(a.rank, b.rank))
    .map(({ role, prefix, names, family }) => {
      return { role, prefix, names, family, step, unsupported: whyNotRun(family, names) }
    })
}

/** What stands under a prefix (ending in . or /) that no network was found under, taken for one; null if nothing does. */
export function networkUnder(file: TensorFile, prefix: string): FoundNetwork | null {
  if (!/[./]$/.test(prefix)) return null
  const stored = [...file.tensors.keys()].filter((name) => name.startsWith(prefix) && name !== prefix)
  if (stored.length === 0) return null
  const names = new Map(stored.map((name) => [name.slice(prefix.length), name]))
  const family = familyOf(names)
  return { role: 'raw', prefix, names, family, step: stepOf(file), unsupported: whyNotRun(family, names) }
}

/** Tensors that belong to no network, counted by what their names start with. */
export function otherParts(file: TensorFile, networks: FoundNetwork[]): Map<string, number> {
  const used = new Set(networks.flatMap(({ names }) => [...names.values()]))
  const parts = new Map<string, number>()
  for (const name of file.tensors.keys()) {
    if (used.has(name)) continue
    const { path, rest } = splitPath(name)
    const part = path + (/^[^.]+\.(?=.)/.exec(rest)?.[0] ?? '')
    parts.set(part, (parts.get(part) ?? 0) + 1)
  }
  return parts
}

/** The conv and linear layers of a network, in the order of the file. Embedding tables and low-rank updates are no layers. */
export function weightLayers(
  names: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, TensorInfo>,
): WeightLayer[] {
  return [...names].flatMap(([bare, stored]) => {
    const shape = tensors.get(stored)!.shape
    if (!isLayerWeight(bare, shape)) return []
    return [{ id: bare.slice(0, -'.weight'.length), kind: shape.length === 2 ? 'linear' : 'conv', shape }]
  })
}

function isLayerWeight(bare: string, shape: number[]): boolean {
  if (!bare.endsWith('.weight') || shape.length < 2 || shape.length > 5) return false
  return !/(embedding|embeddings|label_emb|embed_tokens|wte|wpe|loraA|loraB)\.weight$/.test(bare)
}

/** Names with the same wrappers in front belong together. */
function candidates(names: string[]): Candidate[] {
  const found = new Map<string, Candidate>()
  for (const name of names) {
    const { path, rest } = splitPath(name)
    if (isDotless(rest)) continue
    const { wrapped, ema, teacher } = unwrap(rest)
    const prefix = path + wrapped
    const candidate = found.get(prefix) ?? {
      path,
      prefix,
      ema: ema ?? isAverageName(path),
      teacher: teacher || /teacher/i.test(path),
      names: new Map(),
    }
    candidate.names.set(name.slice(prefix.length), name)
    found.set(prefix, candidate)
  }
  return [...found.values()]
}

function splitPath(name: string): { path: string; rest: string } {
  const end = name.lastIndexOf('/') + 1
  return { path: name.slice(0, end), rest: name.slice(end) }
}

/** The wrappers a name starts with; at least one word is left. */
function unwrap(rest: string): { wrapped: string; ema: boolean | undefined; teacher: boolean } {
  let at = 0
  let ema: boolean | undefined
  let teacher = false
  for (;;) {
    const end = rest.indexOf('.', at)
    const kind = end < 0 || end === rest.length - 1 ? undefined : wrappers.get(rest.slice(at, end))
    if (!kind) return { wrapped: rest.slice(0, at), ema, teacher }
    ema = kind.ema ?? ema
    teacher ||= kind.teacher ?? false
    at = end + 1
  }
}

function isAside(name: string): boolean {
  const { rest } = splitPath(name)
  const { wrapped } = unwrap(rest)
  return asides.has(rest.slice(wrapped.length).split('.')[0]!)
}

/** 'ema_model-790000.ckpt', 'v1-5-pruned-emaonly.safetensors', 'model_ema/': averaged by their own account. */
function isAverageName(text: string): boolean {
  return /(^|[^a-z])ema(only)?([^a-z]|$)|shadow/i.test(text)
}

/**
 * The networks among what stands under one path. Where there is a U-Net of a known family, everything else is
 * not one; where there is none, what is wrapped differently is one network with modules of those names.
 */
function pick(group: Candidate[], tensors: TensorFile['tensors']): Candidate[] {
  const known = group.filter(({ names }) => familyOf(names) !== 'other')
  if (known.length > 0) return known
  const networks = group.filter((candidate) => isNetwork(candidate, tensors))
  return [...groupBy(networks, roleOf).values()].map((same) => (same.length === 1 ? same[0]! : merge(same)))
}

function isNetwork({ names }: Candidate, tensors: TensorFile['tensors']): boolean {
  return familyOf(names) !== 'other' || weightLayers(names, tensors).length > 0
}

function merge(same: Candidate[]): Candidate {
  const [first] = same
  let prefix = first!.prefix
  while (!same.every((candidate) => candidate.prefix.startsWith(prefix)))
    prefix = prefix.slice(0, prefix.lastIndexOf('.', prefix.length - 2) + 1) || first!.path
  const stored = same.flatMap(({ names }) => [...names.values()])
  return { ...first!, prefix, names: new Map(stored.map((name) => [name.slice(prefix.length), name])) }
}

/** In a list [model, optimizer, epoch, step, ema] the later state dict of the same names and shapes is the average. */
function markListAverage(found: Candidate[], tensors: TensorFile['tensors']): Candidate[] {
  const first = found.find(({ path }) => path === '0/')
  if (!first) return found
  const isTwin = ({ path, names }: Candidate) =>
    path !== '0/' && /^\d+\/$/.test(path) && sameTensors(first.names, names, tensors)
  return found.map((candidate) => (isTwin(candidate) ? { ...candidate, ema: true } : candidate))
}

function sameTensors(
  a: Map<string, string>,
  b: Map<string, string>,
  tensors: TensorFile['tensors'],
): boolean {
  return [...a].every(([bare, stored]) => {
    const twin = b.get(bare)
    return twin !== undefined && sameShape(tensors.get(stored)!.shape, tensors.get(twin)!.shape)
  })
}

/** model_ema.diffusion_modelinput_blocks00weight: latent-diffusion's LitEma takes all dots out of the names. */
function isDotless(rest: string): boolean {
  return litEma.test(rest)
}

const litEma = /^(?:.*\.)?model_ema\.(?=[^.]+$)/

/**
 * Averages whose names lost their dots. Where the dots were cannot be told from such a name, so the names of each network are
 * stripped the same way and looked up; two names that become one are left out.
 */
function dotless(names: string[], found: Candidate[], tensors: TensorFile['tensors']): Candidate[] {
  const prefixes = new Set(
    names.flatMap((name) => {
      const { path, rest } = splitPath(name)
      const prefix = litEma.exec(rest)?.[0]
      return prefix === undefined ? [] : [path + prefix]
    }),
  )
  return [...prefixes].flatMap((prefix) => {
    const owner = prefix.slice(0, -'model_ema.'.length)
    const averages = found
      .filter((candidate) => candidate.prefix.startsWith(owner))
      .map((candidate) => ({
        ...candidate,
        prefix,
        ema: true,
        names: stripped(candidate, prefix, owner, tensors),
      }))
      .sort((a, b) => b.names.size - a.names.size)
    return averages.filter(({ names }) => names.size > 0).slice(0, 1)
  })
}

function stripped(
  { names }: Candidate,
  prefix: string,
  owner: string,
  tensors: TensorFile['tensors'],
): Map<string, string> {
  const bareOf = new Map<string, string | null>()
  for (const [bare, stored] of names) {
    const average =
      prefix +
      stored
        .slice(owner.length)
        .replace(/^model\./, '')
        .replaceAll('.', '')
    const info = tensors.get(average)
    if (info && sameShape(info.shape, tensors.get(stored)!.shape))
      bareOf.set(average, bareOf.has(average) ? null : bare)
  }
  return new Map([...bareOf].flatMap(([average, bare]) => (bare === null ? [] : [[bare, average]])))
}

function roleOf({ ema, teacher }: Pick<Candidate, 'ema' | 'teacher'>): NetworkRole {
  if (teacher) return ema ? 'teacher-ema' : 'teacher'
  return ema ? 'ema' : 'raw'
}

/**
 * The role of a network of which only the prefix and the name of its file were kept. In a list of state dicts the average
 * stands behind the weights; a file that calls itself an average is taken to hold nothing else.
 */
export function roleOfPrefix(prefix: string, fileName: string): NetworkRole {
  const [{ path, ema, teacher }] = candidates([`${prefix}conv.weight`]) as [Candidate]
  const average = ema || /^[1-9]\d*\/$/.test(path) || (!teacher && isAverageName(fileName))
  return roleOf({ ema: average, teacher })
}

/** Smaller is likelier. */
function rankOf({ path, names }: Candidate, tensors: TensorFile['tensors']): number[] {
  const values = [...names.values()].reduce((sum, name) => sum + sizeOf(tensors.get(name)!.shape), 0)
  const usual = usualKeys.has(path.slice(0, -1))
  return [familyOf(names) === 'other' ? 1 : 0, usual ? 0 : 1, -values]
}

function compare(a: number[], b: number[]): number {
  return a.map((value, i) => value - b[i]!).find((difference) => difference !== 0) ?? 0
}

function groupBy<T>(items: T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item])
  return groups
}

/** Modules that only one family has; of what stands first in them any tensor will do, packed students have no weight there. */
const marks: [module: string, family: NetworkFamily][] = [
  ['temb.dense.0.', 'ddim'],
  ['time_embedding.linear_1.', 'diffusers'],
  ['time_embed.0.', 'openaimodel'],
]

/** Ends of tensor names that tell who quantized a network; EfficientDM has the quantizers of q-diffusion too. */
const quantizers: [ending: RegExp, family: NetworkFamily][] = [
  [/\.scaling_first_order$/, 'binarydm'],
  [/\.(loraA\.weight|act_quantizer\.delta_list)$/, 'efficientdm'],
  [/\.weight_quantizer(_0)?\.delta$/, 'q-diffusion'],
]

/** The family of a network from its bare names. */
export function familyOf(names: ReadonlyMap<string, unknown>): NetworkFamily {
  const all = [...names.keys()]
  const quantized = quantizers.find(([ending]) => all.some((name) => ending.test(name)))
  if (quantized) return quantized[1]
  const family = marks.find(([module]) => all.some((name) => name.startsWith(module)))?.[1] ?? 'other'
  if (family === 'openaimodel' && all.some((name) => name.includes('.transformer_blocks.'))) return 'sd'
  return family === 'diffusers' && all.some(isConditional) ? 'diffusers-conditional' : family
}

function isConditional(name: string): boolean {
  return /\.transformer_blocks\.|\.attn2\.|^(class_embedding|add_embedding|encoder_hid_proj)\./.test(name)
}

const notRun: Record<NetworkFamily, string | null> = {
  ddim: null,
  diffusers: null,
  openaimodel: null,
  binarydm: null,
  'q-diffusion': 'its layers are quantized by q-diffusion, whose forward pass Signscope does not have',
  efficientdm: 'its layers are quantized by EfficientDM, whose forward pass Signscope does not have',
  sd: 'it is conditioned by cross attention (as in Stable Diffusion), and Signscope runs unconditional U-Nets',
  'diffusers-conditional': 'it is a conditional diffusers U-Net, and Signscope runs unconditional ones',
  other: 'its tensor names are those of no U-Net that Signscope knows',
}

function whyNotRun(family: NetworkFamily, names: ReadonlyMap<string, string>): string | null {
  if (family === 'openaimodel' && names.has('label_emb.weight'))
    return 'it is conditioned on class labels, and Signscope runs unconditional U-Nets'
  if ([...names.keys()].some((name) => name.endsWith('.shortcut_scale')))
    return "it is a student of BinaryDM's later code, with a shortcut around every convolution, which Signscope does not run"
  return notRun[family]
}

/** Training step a file states, or its name: Lightning's global_step, the fourth item of ermongroup/ddim's list, ... */
export function stepOf({ name, values, tensors }: TensorFile): number | null {
  for (const key of ['global_step', 'step', 'iteration', 'iter', 'n_iter', 'train_step', 'steps']) {
    const value = values.get(key)
    if (isStep(value)) return value
  }
  const isList = [...tensors.keys()].some((stored) => stored.startsWith('0/'))
  const [epoch, step] = [values.get('2'), values.get('3')]
  if (isList && isStep(epoch) && isStep(step)) return step
  return stepInName(name)
}

function isStep(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** 40000 of ckpt_40000.pth, 400 of epoch=0-step=400-loss=0.1.ckpt; null if the name neither says step nor ends in a number. */
export function stepInName(name: string): number | null {
  const stem = name
    .replace(/^.*[\\/]/, '')
    .replace(/\.[^.]*$/, '')
    .replace(/-\d+-of-\d+$/, '')
  const digits =
    /(?:^|[-_.])steps?[-_=]?(\d{1,9})(?!\d)/.exec(stem)?.[1] ?? /(?:^|[-_=])(\d{1,9})$/.exec(stem)?.[1]
  return digits === undefined ? null : Number(digits)
}
