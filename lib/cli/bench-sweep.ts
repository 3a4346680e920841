import { fileURLToPath } from 'node:url'
import { withNetwork } from '../diagnostics/network'
import { sweep } from '../diagnostics/sweep'
import type { Slot } from '../diagnostics/sweep-progress'
import { type Timeline, timelineOf } from '../diagnostics/trajectory'
import { startingNoise } from '../diffusion/sample'
import type { Checkpoint } from '../unet/checkpoint'
import { startBackend } from './backend'
import { inWords, summary, type Turn, timed } from './bench-twin'
import { type Command, printResult, progressBar, wholeNumber } from './command'
import { openCheckpoint } from './open'

const demo = fileURLToPath(new URL('../../public/demo/', import.meta.url))
const pair = [
  `${demo}mnist-teacher/step-009000.safetensors`,
  `${demo}mnist-v1/step-001000.safetensors`,
] as const
const timesteps = 20
const images = 8
const seed = 7

export const benchSweep: Command = {
  summary: 'time the diagnosis of a pair against the bare passes of both networks',
  help: `usage: bench sweep [--rounds N] [--json]

Times the sweep that diagnose makes of mnist-v1 over ${timesteps} timesteps and ${images} images, all layers, against as many bare passes of teacher and
of student, taking turns. The sweep's time holds everything it does, also the short run that gives the teacher's axes; a
sweep of another student of the same teacher, which has them, is timed apart.

  --rounds N   turns timed on each side (default 20), after one to warm up
  --json       one JSON document on stdout`,
  options: { rounds: { type: 'string' }, json: { type: 'boolean' } },
  async run(_positionals, flags) {
    const rounds = wholeNumber(flags, 'rounds', 20, [1, 1000])
    await startBackend()
    const [teacher, student] = [
      (await openCheckpoint(pair[0], {})).checkpoint,
      (await openCheckpoint(pair[1], {})).checkpoint,
    ]
    const timeline = timelineOf(timesteps, teacher)
    const [swept, again, bare]: [Turn[], Turn[], Turn[]] = [[], [], []]
    const axes = await axesKept(teacher, student, timeline)
    const progress = progressBar('sweep')
    for (let round = 0; round <= rounds; round++) {
      const turns = [
        await timed(() => barePasses([teacher, student], timeline.measured)),
        await timed(() => sweep(teacher, student, { timeline, seed, images })),
        await timed(() => sweep(teacher, student, { timeline, seed, images, kept: { axes } })),
      ] as const
      if (round > 0) {
        bare.push(turns[0])
        swept.push(turns[1])
        again.push(turns[2])
      }
      progress((round + 1) / (rounds + 1))
    }
    const [first, next, passes] = [summary(swept), summary(again), summary(bare)]
    const ratios = { first: first.median / passes.median, next: next.median / passes.median }
    const result = { timesteps: timeline.measured.length, images, rounds, first, next, passes, ratios }
    printResult(
      flags,
      result,
      [
        `sweep             ${inWords(first)}`,
        `of a next student ${inWords(next)}`,
        `bare passes       ${inWords(passes)}`,
        `ratios            ${ratios.first.toFixed(2)}, ${ratios.next.toFixed(2)} of medians`,
      ].join('\n'),
    )
    return 0
  },
}

/** The teacher's axes, as a sweep before left them. */
async function axesKept(teacher: Checkpoint, student: Checkpoint, timeline: Timeline): Promise<Slot> {
  let kept: string | null = null
  const slot: Slot = {
    read: async () => kept,
    write: async (text) => {
      kept = text
    },
  }
  await sweep(teacher, student, { timeline, seed, images, kept: { axes: slot } })
  return slot
}

async function barePasses(checkpoints: readonly Checkpoint[], at: readonly number[]): Promise<void> {
  for (const checkpoint of checkpoints) {
    const { inChannels, sampleSize } = checkpoint.config
    const x = startingNoise(seed, images, inChannels * sampleSize ** 2)
    await withNetwork(checkpoint, async (predict) => {
      for (const t of at) predict(x, t)
    })
  }
}
