/** What single layers of a student are switched to, to see what follows; in links as text. */

/** Bits of a layer's input. */
export const inputBits = [4, 8, 32] as const
export type InputBits = (typeof inputBits)[number]

/**
 * bases: 0 is the teacher's layer in full precision, 1 and 2 are sign bases, null the student's own weights. activationBits: null
 * stands for the student's own, or for floats where the weights are the teacher's.
 */
export type LayerSwitch = { bases: 0 | 1 | 2 | null; activationBits: InputBits | null }

/** By the layer's place in the layer list; layers that are not in it stay as they are. */
export type Switches = ReadonlyMap<number, LayerSwitch>

/** No network has more layers than this; a link could say anything. */
const mostLayers = 10_000

/**
 * "4-9:f;12:2a8;30:a32": layers 4 to 9 in full precision, 12 with two bases and 8-bit input, the input of 30 in floats. No commas
 * or spaces, which a query string would have to escape. Ascending; neighbours that agree share an entry.
 */
export function switchesText(switches: Switches): string {
  const runs: { from: number; to: number; words: string }[] = []
  for (const [index, entry] of [...switches].sort(([a], [b]) => a - b)) {
    const words = switchText(entry)
    const last = runs.at(-1)
    if (words === '') continue
    if (last && last.to === index - 1 && last.words === words) last.to = index
    else runs.push({ from: index, to: index, words })
  }
  return runs.map(({ from, to, words }) => `${from === to ? from : `${from}-${to}`}:${words}`).join(';')
}

function switchText({ bases, activationBits }: LayerSwitch): string {
  const weights = bases === null ? '' : bases === 0 ? 'f' : String(bases)
  return activationBits === null ? weights : `${weights}a${activationBits}`
}

const pattern = /^(\d{1,5})(?:-(\d{1,5}))?:(?!$)([f12])?(?:a(4|8|32))?$/

/** Reads what switchesText wrote; null for any other text. */
export function readSwitches(text: string): Switches | null {
  const switches = new Map<number, LayerSwitch>()
  if (text === '') return switches
  for (const entry of text.split(';')) {
    const found = pattern.exec(entry)
    if (!found) return null
    const [, first, last = first, weights, bits] = found
    const [from, to] = [Number(first), Number(last)]
    if (to < from || to >= mostLayers) return null
    const bases = weights === undefined ? null : weights === 'f' ? 0 : weights === '1' ? 1 : 2
    const activationBits = inputBits.find((b) => String(b) === bits) ?? null
    for (let index = from; index <= to; index++) switches.set(index, { bases, activationBits })
  }
  return switches
}
