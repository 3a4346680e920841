/** Networks that do not run here: their weights are diagnosed straight from the file, one tensor at a time. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { diagnoseWeights, type NamedNetwork, namedNetwork } from '../diagnostics/weights-only'
import type { Diagnosis } from '../record/run'
import { chooseNetwork } from '../unet/choose-network'
import { withTensors } from './open'

export type WeightsOnly = { student: NamedNetwork; teacher: NamedNetwork | null; diagnosis: Diagnosis }

/** A file, what errors call it, and which of its networks is meant; null for the usual one. */
export type NamedFile = { path: string; name: string; network: string | null }

/**
 * Diagnoses the weights of a network that cannot be run, against the network of `teacherFile` if there is one. null for a network that can be run. Throws an InputError for files without a network.
 */
export async function diagnoseWeightsOnly(
  file: NamedFile,
  teacherFile: NamedFile | null,
  onProgress: (done: number, total: number, words: string) => void,
): Promise<WeightsOnly | null> {
  return withTensors(file.path, async (opened) => {
    const whole = { ...opened, name: file.name }
    const network = await chooseNetwork(whole, file.network ?? undefined)
    if (network.unsupported === null) return null
    const student = namedNetwork(whole, network)
    const measure = async (teacher: NamedNetwork | null) => ({
      student,
      teacher,
      diagnosis: await diagnoseWeights(teacher, student, {
        onProgress: (...progress) => {
          freeTensors()
          onProgress(...progress)
        },
      }),
    })
    if (!teacherFile) return measure(null)
    return withTensors(teacherFile.path, async (opened) => {
      const other = { ...opened, name: teacherFile.name }
      return measure(namedNetwork(other, await chooseNetwork(other, teacherFile.network ?? undefined)))
    })
  })
}

setFlagsFromString('--expose-gc')
setFlagsFromString('--max-semi-space-size=4') // MB for young objects: the engine would let them grow to 16
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of tensors that are left alone. */
const spareBytes = 16 * 2 ** 20

/** Gives memory back before the next layer is read: by itself the engine would keep those of two or three large ones. */
function freeTensors(): void {
  if (process.memoryUsage().arrayBuffers > spareBytes) collectGarbage()
}
