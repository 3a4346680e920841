/** A training small enough for a test: 8x8 images of noise, 8 channels, twenty steps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { normal } from '../../../lib/math/rng'
import { parseTrainConfig, type TrainConfig } from '../../../lib/train/config'
import type { Dataset } from '../../../lib/train/data/dataset'
import { runTraining } from '../../../lib/train/loop'
import type { StudentConfig } from '../../../lib/train/plan'
import { resumeTraining } from '../../../lib/train/state'
import { endTraining, startTraining, type Training } from '../../../lib/train/training'

const shared = {
  seed: 1,
  data: { set: 'mnist', pixelUnshuffle: 1 },
  batch: 4,
  steps: 20,
  optimizer: { learningRate: 1e-2, warmupSteps: 2, finalShare: 0, clip: 1, ema: 0.9, weightDecay: 0.01 },
}

export const teacherConfig: TrainConfig = parseTrainConfig(
  {
    ...shared,
    name: 'toy-teacher',
    role: 'teacher',
    snapshots: [10, 20],
    model: {
      sample_size: 8,
      in_channels: 1,
      out_channels: 1,
      down_block_types: ['DownBlock2D', 'AttnDownBlock2D'],
      up_block_types: ['AttnUpBlock2D', 'UpBlock2D'],
      block_out_channels: [8, 16],
      layers_per_block: 1,
      attention_head_dim: null,
      norm_num_groups: 4,
    },
  },
  'toy',
)

/** A student of the toy teacher; `own` comes before what is common to all. */
export function studentConfig(
  method: 'sign' | 'xnor' | 'lmb' | 'ebb',
  teacher: string,
  own: Record<string, unknown> & { binarizer?: object } = {},
): StudentConfig {
  const bases = method === 'lmb' || method === 'ebb' ? 2 : 1
  const config = parseTrainConfig(
    {
      ...shared,
      name: `toy-${method}`,
      role: 'student',
      snapshots: [0, 20],
      teacher,
      ...own,
      binarizer: { method, bases, activationBits: 4, ...own.binarizer },
    },
    'toy',
  )
  if (config.role !== 'student') throw new Error('not a student')
  return config
}

export const data: Dataset = { count: 6, shape: [1, 8, 8], data: normal(9, 0, new Float32Array(6 * 64)) }

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'signscope-train-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/**
 * Trains in `folder` to the end. With `killAfter` it stops without a word once that step is logged, as a killed process
 * does; resumed, it goes on from the last saved state.
 */
export async function trainIn(
  folder: string,
  config: TrainConfig,
  { killAfter = Infinity, resume = false } = {},
): Promise<Training> {
  const training = await startTraining(config, folder, data)
  const state = join(folder, 'state')
  if (resume && !(await resumeTraining(training, state))) throw new Error('there was no state to resume from')
  const killed = new Error('killed')
  let clock = 0
  try {
    await runTraining(training, {
      out: folder,
      state,
      data,
      logEvery: 1,
      saveEvery: 5,
      now: () => clock++,
      onCheckpoint: () => {},
      onLog: ({ step }) => {
        if (step >= killAfter) throw killed
      },
    })
  } catch (error) {
    if (error !== killed) throw error
  } finally {
    endTraining(training)
  }
  return training
}
