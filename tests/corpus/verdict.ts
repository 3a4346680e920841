/** What the readers of lib/tensor make of a file, in whatever machine this runs. */
import { InputError } from '../../lib/tensor/error'
import { openTensors } from '../../lib/tensor/open'
import type { ByteSource } from '../../lib/tensor/tensor'
import type { Case } from './case'

export type Found = { name: string; dtype: string; shape: number[]; values: Float32Array }

/** `crash` is an error that is no InputError. */
export type Verdict =
  | { kind: 'read'; tensors: Found[] }
  | { kind: 'refused'; message: string; item: string; remedy: string }
  | { kind: 'crash'; message: string }

export async function judge(source: ByteSource): Promise<Verdict> {
  try {
    const file = await openTensors(source)
    const tensors: Found[] = []
    for (const [name, { dtype }] of file.tensors) {
      const { shape, data } = await file.read(name)
      tensors.push({ name, dtype, shape, values: data })
    }
    return { kind: 'read', tensors }
  } catch (error) {
    if (!(error instanceof InputError)) return { kind: 'crash', message: String(error) }
    const { message, item, remedy } = error
    return { kind: 'refused', message, item, remedy }
  }
}

/** What is wrong with a verdict on a case; '' if nothing is. */
export function complaint(expected: Case, verdict: Verdict): string {
  if (verdict.kind === 'crash') return `crashed: ${verdict.message}`
  if ('says' in expected) {
    if (verdict.kind === 'read') return 'was read'
    const { message, remedy } = verdict
    if (!message.includes(expected.says)) return `said "${message}", not "${expected.says}"`
    if (message.length > 300) return `took ${message.length} characters to say so`
    if (/[\p{Cc}\p{Cs}\p{Bidi_Control}\p{Zl}\p{Zp}]/u.test(message)) return `said it with control characters`
    return remedy === '' ? 'gave no remedy' : ''
  }
  if (verdict.kind === 'refused') return `was refused: ${verdict.message}`
  if (verdict.tensors.length !== expected.tensors.length) return `gave ${verdict.tensors.length} tensors`
  for (const [i, want] of expected.tensors.entries()) {
    const found = verdict.tensors[i]!
    if (found.name !== want.name) return `gave ${JSON.stringify(found.name)} for ${JSON.stringify(want.name)}`
    if (found.dtype !== want.dtype || `${found.shape}` !== `${want.shape}`)
      return `gave ${want.name} as ${found.dtype} [${found.shape}]`
    if (found.values.length !== want.values.length)
      return `gave ${found.values.length} values of ${want.name}`
    const wrong = found.values.findIndex((x, k) => !Object.is(x, want.values[k]))
    if (wrong >= 0) return `gave ${found.values[wrong]} for ${want.values[wrong]} in ${want.name}`
  }
  return ''
}
