import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import { normal } from '../../../lib/math/rng'
import { parseTrainConfig } from '../../../lib/train/config'
import { startTraining, trainStep, valuesOf } from '../../../lib/train/training'

const path = 'docs/configs/cifar10-ddim.json'

test('the CIFAR-10 network of the paper takes a training step', { timeout: 240_000 }, async () => {
  await startBackend()
  const json = { ...JSON.parse(readFileSync(path, 'utf8')), batch: 1 }
  const config = parseTrainConfig(json, path)
  const data = { count: 1, shape: [3, 32, 32] as const, data: normal(1, 0, new Float32Array(3 * 32 * 32)) }
  const training = await startTraining(config, 'docs/configs', data)
  const parameters = [...valuesOf(training, 'value').values()].reduce((n, { data }) => n + data.length, 0)
  expect(parameters).toBe(35_746_307)
  const before = valuesOf(training, 'value').get('conv_out.bias')!.data.slice()
  const { loss, norm } = trainStep(training, data)
  // the last convolution starts at zero, so the first loss is the power of the noise
  expect(loss.total).toBeGreaterThan(0.9)
  expect(loss.total).toBeLessThan(1.1)
  expect(norm).toBeGreaterThan(0)
  expect(training.step).toBe(1)
  expect(training.variables.get('conv_out.bias')!.value).not.toEqual(before)
})

test('the student of the paper has its presets written out', () => {
  const file = 'docs/configs/cifar10-ddim-v1.json'
  const config = parseTrainConfig(JSON.parse(readFileSync(file, 'utf8')), file)
  expect(config).toMatchObject({
    binarizer: { method: 'lmb', bases: 2, twoBases: 'v1', activationBits: 4 },
    lrm: { weight: 1e-4, form: 'paper', axis: 'channels', divisor: 4, refreshEvery: 0 },
    progressive: { every: 1 },
  })
})
