import { memory } from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { startBackend } from '../../../lib/cli/backend'
import type { TensorMap } from '../../../lib/tensor/tensor'
import { disposeTargets, fitTeacherAxes, targetsOf } from '../../../lib/train/mimicry'
import { gradientNorm } from '../../../lib/train/optimizer'
import { type Loss, lossAndGradients } from '../../../lib/train/step'
import { modulesOf } from '../../../lib/unet/modules'
import { distance } from '../unet/upstream'
import { type Golden, net, type Recipe, readGolden, recipes } from './golden'

let golden: Golden

beforeAll(async () => {
  await startBackend()
  golden = await readGolden()
})

const recipe = (name: string) => recipes.find((r) => r.name === name)!

function computed(recipe: Recipe, axes?: TensorMap): ReturnType<typeof lossAndGradients> {
  const { teacher, batch } = golden
  const { lrm, tau, manifest } = recipe
  const targets = lrm ? targetsOf(teacher, batch, axes ?? golden.axes[lrm.axis], lrm) : null
  const result = lossAndGradients(net, manifest, golden.values(recipe), batch, { targets, tau })
  if (targets) disposeTargets(targets)
  return result
}

function expectSameLoss(actual: Loss, expected: Loss): void {
  for (const term of ['total', 'eps', 'lrm', 'ebb'] as const) {
    const [a, e] = [actual[term], expected[term]]
    if (a === null || e === null) expect(a, term).toBe(e)
    else expect(Math.abs(a - e) / e, term).toBeLessThan(1e-6)
  }
}

/** Differences of gradients, by name. */
function difference(
  a: Map<string, Float32Array>,
  b: Map<string, Float32Array>,
): Map<string, Float32Array<ArrayBufferLike>> {
  return new Map([...a].map(([name, values]) => [name, values.map((v, i) => v - b.get(name)![i]!)]))
}

describe.each(recipes)('the student of recipe $name', (recipe) => {
  it('has the loss terms and, by every parameter and scale, the gradient of PyTorch', () => {
    const { loss, gradients } = computed(recipe)
    const expected = golden.gradients(recipe)
    expectSameLoss(loss, golden.loss(recipe))
    expect([...gradients.keys()].sort()).toEqual([...expected.keys()].sort())
    const whole = gradientNorm(expected.values())
    for (const [name, gradient] of expected) {
      const relative = distance(gradient, gradients.get(name)!)
      const error = relative * gradientNorm([gradient])
      // Softmax does not change when all its inputs shift, so keys have no use for a bias: the gradient is 0. That of an
      // alpha is a sum that nearly cancels in some layers. Both are left with the rounding of what they sum.
      const cancels = name.endsWith('.alpha') || name.endsWith('.to_k.bias')
      if (cancels && relative > 1e-5) expect(error / whole, name).toBeLessThan(5e-9)
      else expect(relative, name).toBeLessThan(1e-5)
    }
  })
})

describe('a term of the loss', () => {
  it("of EBB changes only sigma2's gradient, by the same amount in every channel of a layer", () => {
    const ebb = recipe('ebb')
    const [withTerm, without] = [computed(ebb), computed({ ...ebb, tau: undefined })]
    expect(without.loss).toEqual({ ...withTerm.loss, total: withTerm.loss.eps, ebb: null })
    const layers = Object.entries(ebb.manifest).filter(([, { bases }]) => bases === 2)
    for (const [name, extra] of difference(withTerm.gradients, without.gradients)) {
      const second = layers.some(([id]) => name === `${id}.sigma2`)
      const share = second ? ebb.tau! / (layers.length * extra.length) : 0
      const other = without.gradients.get(name)!
      // the sum of the two is rounded to float32
      const allowed = (i: number) => (second ? 2 ** -23 * (Math.abs(other[i]!) + share) : 0)
      expect(
        extra.every((v, i) => Math.abs(v - share) <= allowed(i)),
        name,
      ).toBe(true)
    }
  })

  it.each(['lrm', 'lrm-normalised', 'lrm-width'])(
    'of recipe %s adds the gradient that PyTorch finds for it alone',
    (name) => {
      const plain = recipe('lmb')
      const actual = difference(computed(recipe(name)).gradients, computed(plain).gradients)
      const expected = difference(golden.gradients(recipe(name)), golden.gradients(plain))
      const total = gradientNorm(expected.values())
      expect(total).toBeGreaterThan(0.1 * gradientNorm(golden.gradients(plain).values()))
      // two gradients of the whole loss, each within 1e-6 of its norm, are subtracted
      for (const [tensor, gradient] of expected)
        expect(
          gradientNorm([gradient.map((v, i) => v - actual.get(tensor)![i]!)]) / total,
          tensor,
        ).toBeLessThan(2e-6)
    },
  )

  it("of LRM has no gradient by what comes after the last module's features", () => {
    const [mimicking, plain] = [computed(recipe('lrm')).gradients, computed(recipe('lmb')).gradients]
    for (const name of ['conv_out.weight', 'conv_out.bias', 'conv_norm_out.weight', 'conv_norm_out.bias'])
      expect(mimicking.get(name), name).toEqual(plain.get(name))
  })
})

describe('the axes of the teacher', () => {
  it.each([recipe('lrm'), recipe('lrm-width')])('of recipe $name span what PyTorch finds', (recipe) => {
    const own = fitTeacherAxes(golden.teacher, golden.batch, recipe.lrm!)
    const expected = golden.axes[recipe.lrm!.axis]
    expect([...own.keys()]).toEqual(modulesOf(net).map(({ id }) => id))
    expect([...own.keys()].sort()).toEqual([...expected.keys()].sort())
    for (const [id, { shape, data }] of own) {
      expect(shape, id).toEqual(expected.get(id)!.shape)
      const [n, k] = shape as [number, number]
      const [a, b] = [projector(data, n, k), projector(expected.get(id)!.data, n, k)]
      // features in float32; the eigenvalues next to the cut are at least 1 % of the largest apart
      expect(Math.max(...a.map((v, i) => Math.abs(v - b[i]!))), id).toBeLessThan(2e-6)
    }
  })

  it.each([recipe('lrm'), recipe('lrm-normalised'), recipe('lrm-width')])(
    'give the loss of recipe $name whoever found them, with any sign',
    (recipe) => {
      const own = fitTeacherAxes(golden.teacher, golden.batch, recipe.lrm!)
      expectSameLoss(computed(recipe, own).loss, golden.loss(recipe))
      const turned: TensorMap = new Map(
        [...own].map(([id, { shape, data }]) => [id, { shape, data: data.map((v) => -v) }]),
      )
      expectSameLoss(computed(recipe, turned).loss, golden.loss(recipe))
    },
  )
})

it('leaves no tensor behind', () => {
  computed(recipe('lrm'))
  const before = memory().numTensors
  for (const r of recipes) computed(r)
  fitTeacherAxes(golden.teacher, golden.batch, recipe('lrm').lrm!)
  expect(memory().numTensors).toBe(before)
})

/** Axes [n, k] times their transpose: the same for every basis of a subspace. */
function projector(axes: Float32Array, n: number, k: number): number[] {
  return Array.from({ length: n * n }, (_, p) => {
    const [i, j] = [Math.floor(p / n), p % n]
    let sum = 0
    for (let c = 0; c < k; c++) sum += axes[i * k + c]! * axes[j * k + c]!
    return sum
  })
}
