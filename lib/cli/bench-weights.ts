import type { Command } from './command'
import { runScript } from './run-script'

export const benchWeights: Command = {
  summary: 'a large checkpoint imported without a forward pass: time and memory',
  help: `usage: bench weights-only [--json]

Writes a checkpoint with the tensors of Stable Diffusion 1's U-Net (3.4 GB, random weights) into the temporary folder, imports
it into a store of its own and measures the time and the largest memory of that process (high-water mark of its resident set).

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  run: (_positionals, flags) => runScript('scripts/bench/weights_only.ts', flags.json ? ['--json'] : []),
}
