import { expect, test } from 'vitest'
import { groupName, unfinished, valuesOf } from '../../app/_views/results-rows'
import { ablationSteps } from '../../app/_views/results-steps'
import { resultSets } from '../../app/_views/results-tables'
import type { Evaluation } from '../../lib/record/evaluation'
import type { CheckpointSummary, RunSummary } from '../../lib/record/run'
import { sampleEvaluation, sampleProtocol, sampleReference } from '../unit/store/sample-evaluation'

const ledger = {
  fullPrecisionBytes: 1000,
  packedBytes: 100,
  signBytes: 50,
  secondBasisBytes: 0,
  scaleBytes: 10,
  floatBytes: 40,
  macs: 1,
  parameters: 250,
}

/** A hash that tells the run and the step it is of. */
const sha = (name: string, step: number) =>
  Buffer.from(`${name} ${step}`).toString('hex').padEnd(64, '0').slice(0, 64)

function run(name: string, settings: Record<string, unknown>, steps = [100]): RunSummary {
  const teacher = settings.binarizer === undefined
  const checkpoint = (step: number): CheckpointSummary => ({
    id: `${name}-${step}`,
    runId: name,
    step,
    sha256: sha(name, step),
    network: null,
    teacherSha256: null,
    bytes: 1,
    fileName: `${step}`,
    hasWeights: true,
    ledger,
    outputSqnr: teacher ? null : 12,
    sampleCosine: null,
    createdAt: '2026-01-01T00:00:00.000Z',
  })
  return {
    id: name,
    name,
    role: teacher ? 'teacher' : 'student',
    teacherRunId: null,
    teacherName: null,
    method: teacher ? 'teacher' : 'sign',
    bits: 'W1A4',
    colour: 0,
    settings: { name, steps: 100, ...settings },
    checkpoints: steps.map(checkpoint),
    updatedAt: '2026-01-01T00:00:00.000Z',
  }
}

const student = (name: string, method: string, seed: number, more: Record<string, unknown> = {}) =>
  run(name, { seed, binarizer: { method, activationBits: 4 }, ...more })

const evaluated = (name: string, frechetDistance: number, changes: Partial<Evaluation> = {}): Evaluation =>
  sampleEvaluation({
    run: name,
    step: 100,
    sha256: sha(name, changes.step ?? 100),
    frechetDistance,
    ...changes,
  })

const lrm = { form: 'paper' }

const runs = [
  run('teacher', {}),
  ...[1, 2, 3].flatMap((seed) => [
    student(`sign-${seed}`, 'sign', seed),
    student(`lmb-${seed}`, 'lmb', seed),
    student(`lrm-${seed}`, 'sign', seed, { lrm }),
  ]),
]

const distances: Record<string, number[]> = {
  sign: [180, 190, 170],
  lmb: [90, 95, 100],
  lrm: [150, 200, 160],
}
const evaluations = [
  evaluated('teacher', 40, { paired: null }),
  ...Object.entries(distances).flatMap(([name, values]) =>
    values.map((value, i) => evaluated(`${name}-${i + 1}`, value)),
  ),
  sampleReference('real', { frechetDistance: 11 }),
  sampleReference('noise', { frechetDistance: 900 }),
]

test('runs that differ in their seed alone are one row, in the order of an ablation', () => {
  const [set] = resultSets(evaluations, runs)
  expect(set).toMatchObject({
    set: 'mnist',
    tables: [{ references: [{ subject: 'real' }, { subject: 'noise' }] }],
  })
  const { groups } = set!.tables[0]!
  expect(groups.map((group) => [groupName(group), valuesOf(group, 'frechet')])).toEqual([
    ['Teacher, full precision', [40]],
    ['Baseline', [180, 190, 170]],
    ['+ LMB', [90, 95, 100]],
    ['+ LRM', [150, 200, 160]],
  ])
  expect(valuesOf(groups[0]!, 'bytes')).toEqual([1000])
  expect(valuesOf(groups[1]!, 'bytes')).toEqual([100, 100, 100])
  expect(valuesOf(groups[0]!, 'cosine')).toEqual([])
})

test('runs of one recipe that were trained otherwise are rows of their own, which say in what', () => {
  const longer = student('lmb-long', 'lmb', 1, { steps: 500 })
  const [set] = resultSets([...evaluations, evaluated('lmb-long', 60)], [...runs, longer])
  const names = set!.tables[0]!.groups.map(groupName)
  expect(names).toContain('+ LMB, steps 100')
  expect(names).toContain('+ LMB, steps 500')
  expect(names).toContain('Baseline')
})

test('what was measured under another protocol or sampled otherwise has a table of its own', () => {
  const fewer = { ...sampleProtocol, images: 64 }
  const more = [
    evaluated('sign-1', 300, { protocol: fewer }),
    evaluated('sign-1', 170, { sampling: { ...evaluations[0]!.sampling!, steps: 100 } }),
    evaluated('sign-1', 99, { protocol: { ...sampleProtocol, set: 'fashion-mnist' } }),
  ]
  const sets = resultSets([...evaluations, ...more], runs)
  expect(sets.map(({ set, tables }) => [set, tables.length])).toEqual([
    ['mnist', 3],
    ['fashion-mnist', 1],
  ])
  const [main, ...others] = sets[0]!.tables
  expect(main!.groups).toHaveLength(4)
  // References follow their protocol: only tables measured like them show them.
  expect(main!.references).toHaveLength(2)
  expect(others.find(({ protocol }) => protocol.images === 64)!.references).toEqual([])
})

test('a row is the last evaluated checkpoint; the ones before are its history', () => {
  const long = run('lmb-1', { seed: 1, binarizer: { method: 'lmb' } }, [0, 50, 100])
  const at = (step: number, value: number) => evaluated('lmb-1', value, { step })
  const [set] = resultSets([at(50, 300), at(0, 1000)], [long])
  const [group] = set!.tables[0]!.groups
  expect(group!.results.map(({ step }) => step)).toEqual([50])
  expect(unfinished(group!.results[0]!)).toBe('50 of 100 steps')
  expect(group!.history.map(({ step, values }) => [step, values.frechet])).toEqual([
    [0, 1000],
    [50, 300],
  ])
})

test('a checkpoint that is not stored is shown by its name, without what only the store knows', () => {
  const [set] = resultSets([evaluated('elsewhere', 70)], [])
  const [group] = set!.tables[0]!.groups
  expect(groupName(group!)).toBe('elsewhere, not stored')
  expect(valuesOf(group!, 'bytes')).toEqual([])
})

test('each part is compared seed by seed, and with the direction the papers report', () => {
  const [set] = resultSets(evaluations, runs)
  const steps = ablationSteps(set!.tables[0]!)
  expect(steps.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['LMB', 'agrees'],
    ['LRM alone', 'undecided'],
  ])
  expect(steps[0]).toMatchObject({
    here: expect.stringContaining('LMB lowers the distance in 3 of 3 seeds (180.0 → 95.0 in the mean)'),
    there: ['lowers FID 27.33 → 10.27 (v1, W1A32)'],
  })
  // 180 → 150, 190 → 200, 170 → 160
  expect(steps[1]).toMatchObject({
    here: expect.stringContaining('LRM alone lowers the distance in 2 of 3 seeds'),
    there: ['leaves FID as it is 27.33 → 27.37 (v1, W1A32)'],
  })
})

test('a part whose seeds disagree with each other is undecided, one the papers do not list is not comparable', () => {
  const both = [1, 2].map((seed) => student(`both-${seed}`, 'lmb', seed, { lrm }))
  const full = [1, 2].map((seed) => student(`full-${seed}`, 'lmb', seed, { lrm, progressive: { every: 1 } }))
  const rows = [
    evaluated('both-1', 80),
    evaluated('both-2', 70),
    evaluated('full-1', 70),
    evaluated('full-2', 96),
  ]
  const [set] = resultSets([...evaluations, ...rows], [...runs, ...both, ...full])
  const verdicts = Object.fromEntries(
    ablationSteps(set!.tables[0]!).map(({ name, verdict }) => [name, verdict]),
  )
  expect(verdicts).toMatchObject({
    'LRM on top of LMB': 'not comparable',
    // 90 → 70, 95 → 96: up by more than the 1 % that counts as none
    'LRM and progressive initialisation on top of LMB': 'undecided',
    'All of v1': 'agrees',
  })
})

test('recipes trained at several bits are rows that say theirs, and each part is compared at each of them', () => {
  const runs = [4, 8].flatMap((activationBits) =>
    ['sign', 'lmb'].map((method) => ({
      ...student(`${method}-a${activationBits}`, method, 1, { binarizer: { method, activationBits } }),
      bits: `W1A${activationBits}`,
    })),
  )
  const distances: Record<string, number> = { 'sign-a4': 200, 'lmb-a4': 100, 'sign-a8': 90, 'lmb-a8': 95 }
  const rows = Object.entries(distances).map(([name, distance]) => evaluated(name, distance))
  const table = resultSets(rows, runs)[0]!.tables[0]!
  expect(table.groups.map(groupName)).toEqual([
    'Baseline, W1A4',
    'Baseline, W1A8',
    '+ LMB, W1A4',
    '+ LMB, W1A8',
  ])
  expect(ablationSteps(table).map(({ name, here }) => [name, here!.split(' the distance')[0]])).toEqual([
    ['LMB, W1A4', 'LMB, W1A4 lowers'],
    ['LMB, W1A8', 'LMB, W1A8 raises'],
  ])
})
