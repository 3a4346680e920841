/**
 * Where the layers of a U-Net stand in its picture: the forward pass from left to right, resolution levels from top
 * to bottom. Works from places alone, so every family looks alike. Pure.
 */
import type { Layer, Place } from '../../lib/record/run'

export type UNetSquare = { layer: Layer; x: number; y: number }
export type UNetNode = {
  key: string
  part: Place['part']
  /** Drawing row: the level, halves for resampling, one below the deepest for the middle. */
  row: number
  x: number
  y: number
  width: number
  height: number
  squares: UNetSquare[]
}
/** Text of a level, anchored at x; the way down reads to its left, the way up to its right. */
export type UNetLabel = { text: string; x: number; y: number; anchor: 'start' | 'middle' | 'end' }
export type UNetLayout = {
  width: number
  height: number
  /** Side of a square in px. */
  side: number
  nodes: UNetNode[]
  /** Consecutive nodes of the forward pass. */
  edges: [UNetNode, UNetNode][]
  /** Skip connections, from the way down to the way up, innermost first; `over` is the y of their upper run. */
  skips: { from: UNetNode; to: UNetNode; over: number }[]
  labels: UNetLabel[]
}

const attentionRoles = new Set(['q', 'k', 'v', 'qkv', 'proj_out'])

/** Half a row towards the level a sampler leads to; samplers stand outside the blocks of their level. */
function resamples({ part, block }: Place): number {
  if (block !== null) return 0
  return part === 'down' ? 0.5 : part === 'up' ? -0.5 : 0
}

type Group = { key: string; part: Place['part']; row: number; attention: boolean; layers: Layer[] }

/** Layers that are drawn in one box, in order of the forward pass; the time embedding is left to the caller. */
function groupsOf(layers: readonly Layer[]): Group[] {
  const deepest = Math.max(0, ...layers.map((l) => l.place.level ?? 0))
  const groups = new Map<string, Group>()
  for (const layer of layers) {
    const { part, level, block, role } = layer.place
    if (part === 'time') continue
    const attention = attentionRoles.has(role)
    const shift = resamples(layer.place)
    const unit = shift === 0 ? `${block ?? role}${attention ? '.attention' : ''}` : 'sampler'
    const key = `${part}.${level ?? ''}.${unit}`
    const row = part === 'mid' ? deepest + 1 : part === 'in' || part === 'out' ? 0 : (level ?? 0) + shift
    const group = groups.get(key) ?? { key, part, row, attention, layers: [] }
    group.layers.push(layer)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Lays a network out in `width` px. Squares shrink until everything fits. */
export function unetLayout(layers: readonly Layer[], width: number): UNetLayout {
  const groups = groupsOf(layers)
  const columns = groups.map((g) => (g.layers.length > 4 ? 2 : 1))
  const units = columns.reduce((sum, c) => sum + c, 0)
  // Per group: squares, 2 px between, 4 px frame on either side, and a gap of 0.35 squares.
  const side = Math.max(
    6,
    Math.min(17, Math.floor((width - groups.length * 10) / (units + groups.length * 0.4))),
  )
  const frame = Math.max(2, Math.round(side / 5))
  const tallest = Math.max(1, ...groups.map((g, i) => Math.ceil(g.layers.length / columns[i]!)))
  const rows = Math.max(1, ...groups.map((g) => g.row)) + 1
  const pitch = tallest * (side + 2) + 2 * frame + 28
  const top = 14 + skipRoom(groups)

  const nodeWidths = columns.map((c) => c * side + (c - 1) * 2 + 2 * frame)
  const used = nodeWidths.reduce((sum, w) => sum + w, 0)
  const gap =
    groups.length > 1 ? Math.min(26, (width - used - (width < 480 ? 30 : 60)) / (groups.length - 1)) : 0
  // The label of the first level reads to the left of its boxes and needs room there.
  const narrow = width < 480
  const indent = Math.max(
    0,
    (narrow ? 46 : 100) - nodeWidths.slice(0, 2).reduce((sum, w) => sum + w + gap, 0),
  )
  let x = Math.max(indent, (width - used - gap * (groups.length - 1)) / 2)
  const nodes = groups.map((g, i): UNetNode => {
    const perColumn = Math.ceil(g.layers.length / columns[i]!)
    const height = perColumn * (side + 2) - 2 + 2 * frame
    const y = top + g.row * pitch + (pitch - 28 - height) / 2
    const node = { key: g.key, part: g.part, row: g.row, x, y, width: nodeWidths[i]!, height }
    const squares = g.layers.map((layer, k) => ({
      layer,
      x: x + frame + Math.floor(k / perColumn) * (side + 2),
      y: y + frame + (k % perColumn) * (side + 2),
    }))
    x += node.width + gap
    return { ...node, squares }
  })

  return {
    width,
    height: top + rows * pitch + 4,
    side,
    nodes,
    edges: nodes.slice(1).map((node, i) => [nodes[i]!, node]),
    skips: skipsOf(groups, nodes),
    labels: labelsOf(nodes, top, pitch, narrow),
  }
}

/** Every block of the way down (and the first convolution) feeds one block of the way up, last in first out. */
function skipsOf(groups: Group[], nodes: UNetNode[]): UNetLayout['skips'] {
  const nodeOf = (i: number) => nodes[i]!
  const withAttention = new Map<string, number>()
  for (const [i, g] of groups.entries()) withAttention.set(g.key.replace('.attention', ''), i)
  const givers = groups
    .map((g, i) => ({ g, i }))
    .filter(({ g }) => (g.part === 'down' || g.part === 'in') && !g.attention)
    // What is passed on is the block's output after its attention, if it has any.
    .map(({ g }) => withAttention.get(g.key)!)
  const takers = groups
    .map((g, i) => ({ g, i }))
    .filter(({ g }) => g.part === 'up' && !g.attention && Number.isInteger(g.row))
    .map(({ i }) => i)
  const n = Math.min(givers.length, takers.length)
  const perRow = new Map<number, number>()
  return Array.from({ length: n }, (_, k) => {
    const from = nodeOf(givers[givers.length - 1 - k]!)
    const to = nodeOf(takers[k]!)
    const row = Math.floor(to.row)
    const depth = perRow.get(row) ?? 0
    perRow.set(row, depth + 1)
    const ceiling = Math.min(...nodes.filter((node) => node.row === row).map((node) => node.y))
    return { from, to, over: Math.min(ceiling, from.y) - 9 - depth * 7 }
  })
}

/** Room above the first row for the skips of level 0. */
const skipRoom = (groups: Group[]): number =>
  7 * groups.filter((g) => g.part === 'up' && g.row === 0 && !g.attention).length

function labelsOf(nodes: UNetNode[], top: number, pitch: number, narrow: boolean): UNetLabel[] {
  const spans = new Map<string, UNetNode[]>()
  for (const node of nodes) {
    if (!Number.isInteger(node.row)) continue
    const key = node.part === 'in' || node.part === 'out' ? node.part : `${node.part}.${node.row}`
    spans.set(key, [...(spans.get(key) ?? []), node])
  }
  return [...spans.values()].map((span) => {
    const first = span[0]!
    const last = span.at(-1)!
    const layer = first.squares.find((s) => s.layer.resolution > 1)?.layer ?? first.squares[0]!.layer
    const edge = first.part === 'in' || first.part === 'out'
    // the index its checkpoint gives the level: diffusers counts up_blocks from the lowest resolution, ldm counts no levels
    const index = /^(?:down|up)(?:_blocks)?\.(\d+)\./.exec(layer.id)?.[1] ?? layer.place.level
    const name = edge || first.part === 'mid' ? first.part : `${first.part}.${index}`
    const bottom = Math.max(...span.map((node) => node.y + node.height))
    return {
      text: edge || narrow ? name : `${name} · ${layer.resolution} × ${layer.resolution}`,
      ...anchorOf(first, last),
      y: edge ? bottom + 14 : top + first.row * pitch + pitch - 12,
    }
  })
}

/** The square nearest to a point: marks need not be hit exactly. */
export function nearestSquare(layout: UNetLayout, x: number, y: number): UNetSquare | null {
  let best: UNetSquare | null = null
  let distance = Number.POSITIVE_INFINITY
  const half = layout.side / 2
  for (const node of layout.nodes) {
    for (const square of node.squares) {
      const d = (square.x + half - x) ** 2 + (square.y + half - y) ** 2
      if (d < distance) {
        best = square
        distance = d
      }
    }
  }
  return best
}

/** Labels keep clear of the resampling boxes, which stand below a way down and below left of a way up. */
function anchorOf(first: UNetNode, last: UNetNode): Pick<UNetLabel, 'x' | 'anchor'> {
  const end = last.x + last.width
  if (first.part === 'down') return { x: end, anchor: 'end' }
  if (first.part === 'up') return { x: first.x, anchor: 'start' }
  return { x: (first.x + end) / 2, anchor: 'middle' }
}
