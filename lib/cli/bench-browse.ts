import { type Command, wholeNumber } from './command'
import { runScript } from './run-script'

export const benchBrowse: Command = {
  summary: 'time of every page with 10 million layer records stored, alone and with 50 viewers and 5 writers',
  help: `usage: bench browse [--runs N] [--checkpoints N] [--layers N] [--seconds N] [--json]

Makes a store in the temporary folder, starts the production server on it and asks for its pages over HTTP. The demo's
mnist-v1 and its teacher are imported first; their layer records, repeated until there are enough layers, are the records
of the runs that are asked for. All other runs hold records without weights and series, so that 10 million take
5 GB and not 100. No checkpoint file is stored with a run. Then 50 viewers look at pages of all kinds, each for
some 5 seconds before it opens the next, while 5 trainings log every 2 seconds, and store a checkpoint with all its layers every
30. Exit code 1 if a gate does not hold. The store is removed at the end.

  --runs N         runs stored (default 1000)
  --checkpoints N  checkpoints of each (default 50)
  --layers N       layers of each checkpoint (default 200)
  --seconds N      time of viewers and writers together (default 60)
  --json           one JSON document on stdout`,
  options: {
    runs: { type: 'string' },
    checkpoints: { type: 'string' },
    layers: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: (_positionals, flags) => {
    const sizes = {
      runs: wholeNumber(flags, 'runs', 1000, [10, 10_000]),
      checkpoints: wholeNumber(flags, 'checkpoints', 50, [2, 1000]),
      layers: wholeNumber(flags, 'layers', 200, [1, 10_000]),
      seconds: wholeNumber(flags, 'seconds', 60, [1, 3600]),
    }
    return runScript('scripts/bench/browse.ts', [
      ...Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, String(value)]),
      ...(flags.json ? ['--json'] : []),
    ])
  },
}
