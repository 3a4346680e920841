import { InputError } from '../tensor/error'
import { benchBrowse } from './bench-browse'
import { benchBrowser } from './bench-browser'
import { benchFrames } from './bench-frames'
import { benchImport } from './bench-import'
import { benchKernel } from './bench-kernel'
import { benchSafety } from './bench-safety'
import { benchSweep } from './bench-sweep'
import { benchTrain } from './bench-train'
import { benchUnet } from './bench-unet'
import { benchWeights } from './bench-weights'
import { type Command, onlyPositional } from './command'

const benches: Record<string, Command> = {
  train: benchTrain,
  import: benchImport,
  'browser-import': benchBrowser,
  'weights-only': benchWeights,
  kernel: benchKernel,
  unet: benchUnet,
  sweep: benchSweep,
  browse: benchBrowse,
  frames: benchFrames,
  safety: benchSafety,
}

export const bench: Command = {
  summary:
    'measure again: train (time of a step), import (time of weight statistics), browser-import (the same of a file of 2 GB in Chromium), weights-only (the same of one of 3.4 GB that cannot be run), kernel (time of single layers at one bit), unet (time of a step at one bit), sweep (time of a diagnosis), browse (time of every page of a large store), frames (pointing and scrolling with 1,000 layers), safety (what must hold on bad input and bad days)',
  help: Object.values(benches)
    .map(({ help }) => help)
    .join('\n\n'),
  options: {
    ...benchTrain.options,
    ...benchImport.options,
    ...benchBrowser.options,
    ...benchWeights.options,
    ...benchKernel.options,
    ...benchUnet.options,
    ...benchSweep.options,
    ...benchBrowse.options,
    ...benchFrames.options,
    ...benchSafety.options,
  },
  async run(positionals, flags) {
    const what = onlyPositional(
      positionals,
      'train|import|browser-import|weights-only|kernel|unet|sweep|browse|frames|safety',
    )
    const chosen = Object.hasOwn(benches, what) ? benches[what] : undefined
    if (!chosen)
      throw new InputError({
        file: what,
        problem: 'this is not measured',
        remedy: `Use one of ${Object.keys(benches).join(', ')}.`,
      })
    return chosen.run([], flags)
  },
}
