/** Runs in the page: makes the files of the corpus and judges them with the readers that dropped files go through. */
import { crc32 } from '../../lib/tensor/crc32'
import { blobSource } from '../../lib/tensor/tensor'
import { corpus } from './corpus'
import { complaint, judge } from './verdict'

/** What is wrong with the verdict on a file, '' if nothing is; the words it was refused with; what its bytes were. */
export type Judged = { file: string; wrong: string; message: string; crc: number }

declare global {
  interface Window {
    judgeCorpus(): Promise<Judged[]>
  }
}

window.judgeCorpus = async () => {
  const judged: Judged[] = []
  for (const of of corpus) {
    const bytes = of.bytes()
    const verdict = await judge(blobSource('file', new Blob([new Uint8Array(bytes)])))
    const message = verdict.kind === 'read' ? '' : verdict.message
    judged.push({ file: of.file, wrong: complaint(of, verdict), message, crc: crc32(bytes) })
  }
  return judged
}
