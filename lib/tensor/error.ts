/**
 * What kind of fault it is, for programs: one vocabulary for the command line and the HTTP API.
 * `code`: the file asks for code to be run. `invalid`: none of the others.
 */
export type InputCode =
  | 'invalid'
  | 'not_found'
  | 'empty'
  | 'truncated'
  | 'damaged'
  | 'code'
  | 'not_a_checkpoint'
  | 'unsupported'
  | 'too_large'
  | 'missing_tensor'
  | 'wrong_shape'

/**
 * Bad input, told so that its owner can act: the file, the item inside it, what is wrong, what to do.
 * Everything that comes from outside (files, flags, requests) fails with this class and nothing else;
 * the CLI turns it into exit code 2, the HTTP API into a 4xx, a page into its error state.
 */
export class InputError extends Error {
  /** File, flag or field the fault is in, as its owner knows it (no server paths). */
  readonly file: string
  /** The tensor, layer, record or option inside it, made printable; '' when the whole file is at fault. */
  readonly item: string
  readonly problem: string
  readonly remedy: string
  readonly code: InputCode

  constructor(fault: { file: string; item?: string; problem: string; remedy: string; code?: InputCode }) {
    const item = printable(fault.item ?? '')
    const where = item ? `${fault.file}: ${item}` : fault.file
    super(`${where}: ${fault.problem}. ${fault.remedy}`)
    this.name = 'InputError'
    this.file = fault.file
    this.item = item
    this.problem = fault.problem
    this.remedy = fault.remedy
    this.code = fault.code ?? 'invalid'
  }
}

/** Makes the errors of one file. */
export type Fault = (problem: string, item?: string, remedy?: string, code?: InputCode) => InputError

/** Errors of `file` that advise `usualRemedy` and count as damage, unless they say otherwise. */
export function faultsOf(file: string, usualRemedy: string): Fault {
  return (problem, item, remedy = usualRemedy, code = 'damaged') =>
    new InputError({ file, item, problem, remedy, code })
}

/** Text out of a file, fit for a message: control and direction characters become U+FFFD, the rest is cut at `max`. */
export function printable(text: string, max = 80): string {
  const clean = text.slice(0, max).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  return text.length > max ? `${clean}...` : clean
}
