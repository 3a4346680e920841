/** What a tab does with networks it does not run: their weights are read by slice, one tensor at a time. */
import { buildUpload } from '../../lib/diagnostics/upload'
import { diagnoseWeights, type NamedNetwork, namedNetwork } from '../../lib/diagnostics/weights-only'
import { sizeOf } from '../../lib/tensor/tensor'
import { chooseNetwork } from '../../lib/unet/choose-network'
import type { DiagnoseRequest, DiagnoseResult, OnProgress } from './diagnose-messages'
import { factsOf, openDropped, type Part } from './dropped-part'

/** Networks of more values than this are not run in a browser tab, where they are in memory more than once. */
const mostValues = 2 ** 27

/** Why a network is not run in this tab, as a clause; null if it is. */
export function whyUnrun({ network, file }: NamedNetwork): string | null {
  if (network.unsupported !== null) return network.unsupported
  const values = [...file.tensors.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0)
  if (values <= mostValues) return null
  return `its ${(values / 1e6).toFixed(0)} M values are more than a browser tab runs, and it was read in one`
}

/** Shares of the work: the statistics take longer than the hash of the whole file. */
const weightShare = 0.75

/**
 * Diagnoses the weights of a file, or of a student against its teacher, and hashes the files; null if both networks can be
 * run. Throws an InputError for bad files, and the signal's reason.
 */
export async function diagnoseWeightsOnly(
  { teacher, student, names }: DiagnoseRequest,
  signal: AbortSignal,
  onProgress: OnProgress,
  onFile: (name: string) => void,
): Promise<DiagnoseResult | null> {
  const own = await openNetwork(teacher)
  const other = student && (await openNetwork(student))
  if ([own, other].every((network) => !network || whyUnrun(network) === null)) return null
  const files = student ? 2 : 1
  let done = 0
  const measure = async ({ dropped }: Part, network: NamedNetwork, against: NamedNetwork | null) => {
    const { name } = dropped.file
    onFile(name)
    const share = (part: number) => (done + part) / files
    const diagnosis = await diagnoseWeights(against, network, {
      signal,
      onProgress: (k, n) =>
        onProgress(`weights of ${name}: ${k} of ${n} layers`, share((weightShare * k) / n)),
    })
    const facts = await factsOf(dropped, (bytes, all) => {
      signal.throwIfAborted()
      onProgress(`hashes ${name}`, share(weightShare + ((1 - weightShare) * bytes) / all))
    })
    done++
    const unrun = whyUnrun(network) ?? 'its counterpart is not run'
    return { checkpoint: network, file: facts, diagnosis: { ...diagnosis, unrun } }
  }
  const a = await measure(teacher, own, null)
  const first = buildUpload({ ...a, teacher: null, samples: null, run: names.teacher })
  if (!student || !other) return { kind: 'done', teacher: first, student: null }
  const b = await measure(student, other, own)
  const reference = { checkpoint: own, file: a.file, run: first.run.name }
  const second = buildUpload({ ...b, teacher: reference, samples: null, run: names.student })
  return { kind: 'done', teacher: first, student: second }
}

async function openNetwork({ dropped, wanted }: Part): Promise<NamedNetwork> {
  const whole = await openDropped(dropped)
  return namedNetwork(whole, await chooseNetwork(whole, wanted.network))
}
