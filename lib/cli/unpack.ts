import { writeFileSync } from 'node:fs'
import { InputError } from '../tensor/error'
import { writeUnpacked } from '../unet/checkpoint'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  needed,
  onlyPositional,
  printResult,
} from './command'
import { outputFile } from './forward'
import { openCheckpoint } from './open'

export const unpack: Command = {
  summary: 'write the float weights that a packed student computes with',
  help: `usage: unpack FILE --out FILE.safetensors

FILE is a packed student. The result has every weight under the name of its family, as the float the student computes with,
so that any tool can run it; latent weights cannot be recovered. Its manifest calls these weights full precision, for
they are used as they stand, and keeps the bits and LSQ steps (ID.alpha) of the inputs: Signscope runs it with the same
result. ID.sigma1, ID.sigma2 and ID.step, the scales the weights are made of, are written along.

  --out FILE       safetensors file to write
${checkpointHelp}`,
  options: { ...checkpointOptions, out: { type: 'string' } },
  async run(positionals, flags) {
    const path = onlyPositional(positionals, 'FILE')
    const out = outputFile(needed(flags, 'out'))
    const { checkpoint } = await openCheckpoint(path, flags)
    if (checkpoint.packed.size === 0) {
      throw new InputError({
        file: path,
        problem: 'it is not packed: it has its own float weights',
        remedy: 'Give a file written by pack.',
      })
    }
    const bytes = writeUnpacked(checkpoint)
    writeFileSync(out, bytes)
    const layers = checkpoint.packed.size
    const words = `wrote ${out}: float weights of ${layers} layers from their codes and scales; latent weights cannot be recovered`
    printResult(flags, { file: path, out, bytes: bytes.length, layers, latent: false }, words)
    return 0
  },
}
