import { createElement, type ReactElement } from 'react'

/**
 * A formula as MathML, which browsers draw and read out by themselves. Its notation:
 *   a_1  a^2  {a b}_i    sub- and superscripts, of a group too
 *   {a} // {b}           a fraction
 *   √{a}                 a root
 *   "if"                 words
 * Letters in a row are one name, upright if there are several. Throws a RangeError for a brace without its pair.
 */
export function Formula({ text }: { text: string }) {
  return createElement('math', null, ...mathOf(text))
}

const token = /\s+|\/\/|"[^"]*"|\d+(?:\.\d+)?|[\p{L}∂]\p{M}?(?:[\p{L}]\p{M}?)*|[\s\S]/gu

/** The parts of a formula as MathML elements. */
export function mathOf(text: string): ReactElement[] {
  const tokens = (text.match(token) ?? []).filter((part) => part.trim() !== '')
  const parts = row(tokens)
  if (tokens.length > 0) throw new RangeError(`formula ${text}: a brace too many`)
  return parts
}

/** Takes parts up to the brace that closes the group, which stays, or to the end. */
function row(tokens: string[]): ReactElement[] {
  const parts: ReactElement[] = []
  while (tokens.length > 0 && tokens[0] !== '}') {
    const next = tokens.shift()!
    const tag = { _: 'msub', '^': 'msup', '//': 'mfrac' }[next]
    // a name keeps its distance from a factor before it
    if (/^\p{L}{2}/u.test(next) && parts.length > 0 && parts.at(-1)?.type !== 'mo')
      parts.push(createElement('mspace', { width: '0.17em' }))
    if (tag) parts.push(createElement(tag, null, parts.pop(), atom(tokens.shift(), tokens)))
    else if (next.startsWith('"')) {
      const [before, after] = [parts.length > 0, /^[^},_^]/.test(tokens[0] ?? '')]
      parts.push(createElement('mtext', null, spaced(next.slice(1, -1), before, after)))
    } else parts.push(atom(next, tokens))
  }
  return parts
}

/** Words keep their distance from what stands before and after them. */
const spaced = (words: string, before: boolean, after: boolean): string =>
  `${before ? gap : ''}${words}${after ? gap : ''}`
const gap = '\u00a0'

/** One part: a group, a root, a number, a name or an operator. */
function atom(first: string | undefined, tokens: string[]): ReactElement {
  if (first === undefined) throw new RangeError('formula: it ends too early')
  if (first === '{') {
    const parts = row(tokens)
    if (tokens.shift() !== '}') throw new RangeError('formula: a brace too few')
    return createElement('mrow', null, ...parts)
  }
  if (first === '√') return createElement('msqrt', null, atom(tokens.shift(), tokens))
  if (/^\d/.test(first)) return createElement('mn', null, first)
  if (/^[\p{L}∂]/u.test(first) && first !== 'Σ') return createElement('mi', null, first)
  if (/^[|‖]$/.test(first)) return createElement('mo', { stretchy: 'false', lspace: '0', rspace: '0' }, first)
  return createElement('mo', /^[()[\]⌊⌋⟨⟩]$/.test(first) ? { stretchy: 'false' } : null, first)
}
