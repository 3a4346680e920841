/**
 * ViewState <-> URL. The URL is the view: whatever a reader must see again after opening a link is in here.
 * One parameter table serves the server (createLoader), the client (useQueryStates) and share links.
 * Defaults are left out of links.
 */
import {
  createParser,
  createSerializer,
  type inferParserType,
  parseAsArrayOf,
  parseAsInteger,
  parseAsNumberLiteral,
  parseAsString,
  parseAsStringLiteral,
} from 'nuqs/server'

export const metrics = ['sqnr', 'cosine', 'lowrank'] as const
/** Which error of a layer: with its network's own input, with the teacher's input, and what the first loses against the second. */
export const errorKinds = ['accumulated', 'local', 'inherited'] as const
/** What the U-Net is coloured by: the error the map shows, or a number of each layer (app/_views/network-colour.ts). */
export const networkColours = [
  'map',
  'weights',
  'teacher',
  'ratio',
  'flips',
  'std',
  'macs',
  'parameters',
] as const
export const layerOrders = ['forward', 'worst'] as const
/** What lists of runs can be in order of; '-' turns it round. `changed` alone has the teachers first. */
const runColumns = ['changed', 'name', 'size', 'sqnr', 'cosine', 'checkpoints'] as const
export type RunColumn = (typeof runColumns)[number]
export type RunOrder = RunColumn | `-${RunColumn}`
export const runOrders: readonly RunOrder[] = runColumns.flatMap((column) => [column, `-${column}` as const])
export const sampleStates = ['x0', 'xt'] as const
/** How a student is run: in floats, or at one bit by the engine. */
export const studentWays = ['simulated', 'engine'] as const
export type StudentWay = (typeof studentWays)[number]
/** Sample: all images side by side, or the selected one, large. */
export const sampleViews = ['grid', 'single'] as const
/** Sample: how fast a film plays, in times of the usual. */
export const playSpeeds = [0.25, 0.5, 1, 2, 4] as const
export type PlaySpeed = (typeof playSpeeds)[number]
export const samplers = ['ddim', 'ddpm'] as const

/** A pixel of a picture, from its upper left corner. */
export type Pixel = readonly [x: number, y: number]

/** "12,9". */
const parseAsPixel = createParser<Pixel>({
  parse: (text) => {
    const [, x, y] = /^(\d{1,5}),(\d{1,5})$/.exec(text)?.map(Number) ?? []
    return x !== undefined && y !== undefined ? [x, y] : null
  },
  serialize: ([x, y]) => `${x},${y}`,
  eq: (a, b) => a[0] === b[0] && a[1] === b[1],
})

/** Training steps from one to another, both included. */
export type StepRange = readonly [from: number, to: number]

/** "200-1000". */
const parseAsStepRange = createParser<StepRange>({
  parse: (text) => {
    const [, from, to] = /^(\d{1,10})-(\d{1,10})$/.exec(text)?.map(Number) ?? []
    return from !== undefined && to !== undefined && from < to ? [from, to] : null
  },
  serialize: ([from, to]) => `${from}-${to}`,
  eq: (a, b) => a[0] === b[0] && a[1] === b[1],
})

/** What stands for the newest checkpoint of a run, in addresses: `c=latest`, `r=mnist-lmb@latest`. */
export const latest = 'latest'

/** A checkpoint's step; `latest` is the same as none. */
const parseAsCheckpoint = createParser<number>({
  parse: (text) => (text === latest ? null : parseAsInteger.parse(text)),
  serialize: parseAsInteger.serialize,
})

/** Query parameters of every page; a page reads the ones it knows. */
export const viewParams = {
  /** Checkpoint, by training step; absent or `latest` = the latest there is, also of those to come. */
  c: parseAsCheckpoint,
  /** Timestep the crosshair stands on. */
  t: parseAsInteger,
  /** Selected layer. */
  l: parseAsString,
  /** Selected output channel. */
  ch: parseAsInteger.withDefault(0),
  /** What the map and the U-Net are coloured by. */
  m: parseAsStringLiteral(metrics).withDefault('sqnr'),
  /** Which error the map and the U-Net show. */
  e: parseAsStringLiteral(errorKinds).withDefault('accumulated'),
  /** What the U-Net is coloured by. */
  u: parseAsStringLiteral(networkColours).withDefault('map'),
  /** Axes kept of a module's features, per cent of its channels; LRM's own is 25. */
  k: parseAsInteger.withDefault(25),
  sort: parseAsStringLiteral(layerOrders).withDefault('forward'),
  /** Filter text of a list. */
  q: parseAsString.withDefault(''),
  order: parseAsStringLiteral(runOrders).withDefault('changed'),
  /** Page of a list, from 1. */
  page: parseAsInteger.withDefault(1),
  /** Compare: checkpoints as RUN@STEP, RUN@latest or RUN, which is the same; the first is the baseline. */
  r: parseAsArrayOf(parseAsString).withDefault([]),
  /** Compare: what the curves over training steps show, `sqnr`, `cosine` or `log:` and the name of what was logged. */
  y: parseAsString.withDefault('sqnr'),
  /** Training steps shown of curves; absent = all. */
  x: parseAsStepRange,
  /** Compare: share of the wipe that the baseline's picture takes, per cent. */
  w: parseAsInteger.withDefault(50),
  /** Compare: pixel of the selected image that is looked at. */
  p: parseAsPixel,
  seed: parseAsInteger.withDefault(7),
  /** Sampling steps. */
  steps: parseAsInteger.withDefault(50),
  /** Images drawn. */
  n: parseAsInteger.withDefault(16),
  sampler: parseAsStringLiteral(samplers).withDefault('ddim'),
  /** Selected image. */
  i: parseAsInteger.withDefault(0),
  /** Sample: predicted x_0 or the state x_t. */
  show: parseAsStringLiteral(sampleStates).withDefault('x0'),
  view: parseAsStringLiteral(sampleViews).withDefault('grid'),
  speed: parseAsNumberLiteral(playSpeeds).withDefault(1),
  /** Sample: which way of running the student draws the pictures shown. */
  way: parseAsStringLiteral(studentWays).withDefault('simulated'),
  /** Sample: threads of the engine. */
  threads: parseAsInteger.withDefault(1),
  /** Sample: what layers of the student are switched to, as lib/record/switches writes it. */
  sw: parseAsString.withDefault(''),
}

export const serializeViewParams = createSerializer(viewParams)
export type ViewParams = inferParserType<typeof viewParams>

/** A page and its place in the store; with ViewParams it is the whole view. */
export const pages = ['runs', 'run', 'layer', 'compare', 'sample', 'results'] as const
export type Page = (typeof pages)[number]

/** A page, the run of those below /r, and the layer of a layer's page. */
export type PagePath = { page: Page; run: string | null; layer: string | null }

/** What each page reads of the view: every control a reader can set has its parameter here. */
export const pageParams = {
  runs: ['q', 'r', 'order', 'page'],
  run: ['c', 't', 'l', 'm', 'e', 'u', 'k', 'sort', 'x'],
  layer: ['c', 't', 'ch'],
  compare: ['r', 't', 'l', 'i', 'y', 'x', 'w', 'p'],
  sample: ['c', 't', 'seed', 'sampler', 'steps', 'n', 'i', 'show', 'view', 'speed', 'way', 'threads', 'sw'],
  results: [],
} as const satisfies Record<Page, readonly (keyof ViewParams)[]>

/**
 * Parameters that mean something on one page only, or belong to its path: links to other pages leave them behind, as they do the
 * threads, which a machine has and no view.
 */
const ofOnePage = new Set<string>([
  'q',
  'r',
  'order',
  'page',
  'ch',
  'sw',
  'y',
  'w',
  'p',
  'view',
  'speed',
  'threads',
] satisfies (keyof ViewParams)[])

/**
 * What a link takes along of the view: the whole selection (timestep, layer, metric, seed, ...), with what only the way back
 * will need. The checkpoint goes along within a run; a step of another run or of a comparison is not the same.
 */
export function keptParams(
  view: ViewParams,
  to: Page,
  { sameRun = true }: { sameRun?: boolean } = {},
): Partial<ViewParams> {
  const left = (name: string) =>
    ofOnePage.has(name) ||
    (name === 'c' && (!sameRun || to === 'compare')) ||
    (name === 'l' && to === 'layer')
  const kept = Object.entries(view).filter(([name]) => !left(name))
  return Object.fromEntries(kept) as Partial<ViewParams>
}

/** Days a share link may open its view for. */
export const shareDays = [1, 7, 90] as const

/** Where a path that `pageUrl` made leads; null for any other. */
export function placeOf(path: string): PagePath | null {
  if (path === '/') return { page: 'runs', run: null, layer: null }
  if (path === '/results') return { page: 'results', run: null, layer: null }
  if (path === '/compare') return { page: 'compare', run: null, layer: null }
  const [, run, below] =
    /^\/r\/([^/]+)(?:\/([^/]+))?$/.exec(path)?.map((part) => part && decodeURIComponent(part)) ?? []
  if (!run) return null
  if (below === 'sample') return { page: 'sample', run, layer: null }
  return below ? { page: 'layer', run, layer: below } : { page: 'run', run, layer: null }
}

/** The plain URL of a page: '/r/w1a4-lmb/sample?seed=7'. */
export function pageUrl(
  page: Page,
  run: string | null,
  layer: string | null,
  params: Partial<ViewParams> = {},
): string {
  const r = encodeURIComponent(run ?? '')
  const path = {
    runs: '/',
    run: `/r/${r}`,
    layer: `/r/${r}/${encodeURIComponent(layer ?? '')}`,
    sample: `/r/${r}/sample`,
    compare: '/compare',
    results: '/results',
  }[page]
  return serializeViewParams(path, params)
}
