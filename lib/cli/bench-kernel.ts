import { type Command, text, wholeNumber } from './command'
import { runScript } from './run-script'

export const benchKernel: Command = {
  summary: 'time of single layers at one bit against other runtimes in Chromium',
  help: `usage: bench kernel [--rounds N] [--only TEXT] [--json]

Times six convolutions at W1A4 (batch 1, one thread) in headless Chromium: the one-bit engine with one basis, with two, and
in its build without relaxed SIMD; the same layers in floats in tfjs on WebAssembly and in onnxruntime-web, and there with
8-bit codes. All take floats and give floats: quantizing is timed, packing of weights is not. Contestants take turns; medians
and minima are given, a layer whose median lies more than 15 % above its minimum is measured again, four times in all.
The engine's integers are compared with a plain reference on the buffers that were timed, before and after, and on
layers with sums beyond 16 bits and with odd numbers of channels. Exit code 1 if one differs.

  --rounds N       samples of each contestant (default 51)
  --only TEXT      only the layers with TEXT in their name, such as "3x3 8x8" or "1x1"
  --json           one JSON document on stdout, with the facts of the machine`,
  options: { rounds: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean' } },
  run: (_positionals, flags) => {
    const rounds = wholeNumber(flags, 'rounds', 51, [1, 1000])
    const only = text(flags, 'only')
    return runScript('scripts/bench/kernel.ts', [
      ...['--rounds', String(rounds)],
      ...(only === undefined ? [] : ['--only', only]),
      ...(flags.json ? ['--json'] : []),
    ])
  },
}
