import { type Command, text, wholeNumber } from './command'
import { runScript } from './run-script'

export const benchUnet: Command = {
  summary: 'time of a step of whole networks at one bit against tfjs in Chromium',
  help: `usage: bench unet [--rounds N] [--only TEXT] [--json]

Times one step of W1A4 students on the one-bit engine in headless Chromium, one thread, one image, against their teacher in
floats and themselves simulated, both in tfjs on WebAssembly: two students of the demo, and the paper's CIFAR-10 network
(35.7 M parameters, ermongroup/ddim) with random weights, binarized without training as in the baseline (one basis) and
in v1 (two in head and tail), kept layers in floats. Both sides take and give floats in host memory. Teacher and engine take
turns; medians and minima are given, a network is measured again once if a median lies more than 15 % above its minimum.
Simulated steps are fewer, a fifth. Also told: bytes, and how far the engine's prediction is from the simulated one.

  --rounds N       steps of each side (default 25)
  --only TEXT      only the networks with TEXT in their name, such as "mnist" or "cifar10-ddim-baseline"
  --json           one JSON document on stdout, with the facts of the machine`,
  options: { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
  run: (_positionals, flags) => {
    const rounds = wholeNumber(flags, 'rounds', 25, [1, 1000])
    const only = text(flags, 'only')
    return runScript('scripts/bench/unet.ts', [
      ...['--rounds', String(rounds)],
      ...(only === undefined ? [] : ['--only', only]),
      ...(flags.json ? ['--json'] : []),
    ])
  },
}
