import { InputError } from '../../lib/tensor/error'

/** What went wrong, as plain data that crosses a worker's border; the fields of an InputError. */
export type WorkerFault = { file: string; item: string; problem: string; remedy: string }

/** Errors of our own making keep their words; anything else is named with what the reader can do about it. */
export function faultOf(error: unknown, file: string): WorkerFault {
  if (error instanceof InputError) {
    const { file, item, problem, remedy } = error
    return { file, item, problem, remedy }
  }
  const text = error instanceof Error ? error.message : String(error)
  if (/memory|allocat|Array buffer/i.test(text))
    return {
      file,
      item: '',
      problem: 'the network does not fit into the memory of this browser tab',
      remedy: 'Draw fewer images, or close other tabs.',
    }
  return { file, item: '', problem: text.slice(0, 200), remedy: 'Try again; the other pages still work.' }
}
