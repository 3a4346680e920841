import { type Command, wholeNumber } from './command'
import { runScript } from './run-script'

export const benchFrames: Command = {
  summary: 'frames of a Run page with 1,000 layers while its user points and scrolls',
  help: `usage: bench frames [--layers N] [--json]

Makes a store in the temporary folder, starts the production server on it and opens a Run page in Chromium. The pointer goes over the
U-Net, the map and the rows, and the page is scrolled, a step for every frame; the time of a frame is what the page's main thread
works for it, painting in software included as far as it happens there. Exit code 1 if more than one frame of twenty takes longer
than 16.7 ms.

  --layers N  layers of the checkpoint (default 1000)
  --json      one JSON document on stdout`,
  options: { layers: { type: 'string' }, json: { type: 'boolean' } },
  run: (_positionals, flags) =>
    runScript('scripts/bench/frames.ts', [
      ...['--layers', String(wholeNumber(flags, 'layers', 1000, [1, 10_000]))],
      ...(flags.json ? ['--json'] : []),
    ]),
}
