import { checkSameArchitecture } from '../diagnostics/diagnose'
import { partKinds } from '../diagnostics/sensitivity/parts'
import { measureSensitivity, type Sensitivity } from '../diagnostics/sensitivity/sensitivity'
import { type Protocol, withSources } from '../diagnostics/sensitivity/variants'
import { timelineOf } from '../diagnostics/trajectory'
import type { Estimate } from '../math/estimate'
import { InputError } from '../tensor/error'
import type { Checkpoint } from '../unet/checkpoint'
import { startBackend } from './backend'
import {
  type Command,
  checkpointHelp,
  checkpointOptions,
  type Flags,
  oneOf,
  printResult,
  progressBar,
  wholeNumber,
} from './command'
import { openCheckpoint } from './open'

export const sensitivity: Command = {
  summary: 'which layer does the harm: one layer binarized, one layer restored',
  help: `usage: sensitivity TEACHER STUDENT [--by layer|block] [--json]

Runs the teacher with one layer of the student at a time (binarized alone), and the student with one layer of the teacher (restored),
weights, bias and input quantizer together, on the states x_t of the teacher's own DDIM runs. The error is that of the predicted
noise against the teacher's, sum (eps - eps')^2 / sum eps^2: 0 is equal, 1 as large as the signal. Each figure is the
mean over timesteps and seeds with its standard error; most harmful first.

  --by KIND        switch one layer (default) or one block at a time
  --seeds N        runs of the teacher, from the noise of seeds 0 to N-1 (default 3)
  --timesteps N    DDIM steps of each, all of which are measured (default 5)
  --images N       images of each (default 4)
${checkpointHelp}; else a table`,
  options: {
    ...checkpointOptions,
    by: { type: 'string' },
    seeds: { type: 'string' },
    timesteps: { type: 'string' },
    images: { type: 'string' },
  },
  async run(positionals, flags) {
    const [teacherPath, studentPath] = pairOf(positionals)
    const by = oneOf(flags, 'by', partKinds, 'layer')
    const teacher = (await openCheckpoint(teacherPath, flags)).checkpoint
    const student = (await openCheckpoint(studentPath, flags)).checkpoint
    checkSameArchitecture(teacher, student)
    const protocol = protocolOf(flags, teacher)
    await startBackend()
    const progress = progressBar('switching layers')
    const result = await withSources([teacher, student], ([first, second]) =>
      measureSensitivity(teacher, [first!, second!], by, protocol, {
        onProgress: (done, total) => progress(done / total),
      }),
    )
    const files = { teacher: teacherPath, student: studentPath }
    printResult(flags, { files, ...result }, describe(result))
    return 0
  },
}

function pairOf(positionals: readonly string[]): [string, string] {
  const [teacher, student] = positionals
  if (teacher !== undefined && student !== undefined && positionals.length === 2) return [teacher, student]
  throw new InputError({
    file: 'TEACHER STUDENT',
    problem: `${positionals.length} given, two needed`,
    remedy: 'See --help.',
  })
}

function protocolOf(flags: Flags, teacher: Checkpoint): Protocol {
  const seeds = wholeNumber(flags, 'seeds', 3, [1, 1000])
  return {
    timeline: timelineOf(wholeNumber(flags, 'timesteps', 5, [1, 1000]), teacher),
    seeds: Array.from({ length: seeds }, (_, seed) => seed),
    images: wholeNumber(flags, 'images', 4, [1, 256]),
  }
}

function describe({ by, timesteps, seeds, images, student, parts }: Sensitivity): string {
  const width = Math.max(by.length, ...parts.map(({ id }) => id.length))
  const cells = timesteps.length * seeds.length
  return [
    `error of eps against the teacher's, mean over ${timesteps.length} timesteps x ${seeds.length} seeds ± standard error (n = ${cells}, ${images} images each)`,
    `the student as it is: ${plusMinus(student.normalised).trim()}`,
    `${by.padEnd(width)}  ${'binarized alone'.padStart(19)}  ${'restored alone'.padStart(19)}  ${'gain of restoring'.padStart(20)}`,
    ...parts.map(({ id, binarized, restored, gain }) =>
      [
        id.padEnd(width),
        plusMinus(binarized.normalised),
        plusMinus(restored.normalised),
        plusMinus(gain.normalised, 20),
      ].join('  '),
    ),
  ].join('\n')
}

/** 0.0123 ± 0.0004, right-aligned. */
function plusMinus(error: Estimate | null, width = 19): string {
  return (error ? `${error.mean.toFixed(5)} ± ${error.standardError.toFixed(5)}` : 'not finite').padStart(
    width,
  )
}
