import { InputError } from '../tensor/error'
import { benchSafety } from './bench-safety'
import { benchTrain } from './bench-train'
import { type Command, onlyPositional } from './command'

const benches: Record<string, Command> = { train: benchTrain, safety: benchSafety }

export const bench: Command = {
  summary: 'measure again: train (time of a step), safety (what must hold on bad input and bad days)',
  help: Object.values(benches)
    .map(({ help }) => help)
    .join('\n\n'),
  options: { ...benchTrain.options, ...benchSafety.options },
  async run(positionals, flags) {
    const what = onlyPositional(positionals, 'train|safety')
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
