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

  constructor(fault: { file: string; item?: string; problem: string; remedy: string }) {
    const item = printable(fault.item ?? '')
    const where = item ? `${fault.file}: ${item}` : fault.file
    super(`${where}: ${fault.problem}. ${fault.remedy}`)
    this.name = 'InputError'
    this.file = fault.file
    this.item = item
    this.problem = fault.problem
    this.remedy = fault.remedy
  }
}

/** The content is of another kind than tensors: no fault in it, it is just not what was asked for. */
export class ForeignFile extends InputError {}

/** Text out of a file, fit for a message: control and direction characters become U+FFFD, the rest is cut at `max`. */
export function printable(text: string, max = 80): string {
  const clean = text.slice(0, max).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  return text.length > max ? `${clean}...` : clean
}
