import { describe, expect, it } from 'vitest'
import {
  type FoundCheckpoint,
  type FoundFile,
  planFault,
  planOf,
  proposedName,
} from '../../../app/_drop/plan'

type Network = FoundCheckpoint['networks'][number]

const network = (role: Network['role'], prefix: string, family: Network['family'] = 'ddim'): Network => ({
  role,
  prefix,
  family,
  unrun: null,
  names: [],
  layers: [],
  missing: [],
})
const checkpoint = (name: string, more: Partial<FoundCheckpoint> = {}): FoundCheckpoint => ({
  kind: 'checkpoint',
  name,
  folder: '',
  bytes: 1000,
  container: 'torch-zip',
  run: null,
  role: null,
  binarized: 0,
  tensors: 10,
  values: 100,
  step: null,
  networks: [network('raw', '')],
  usual: '',
  teacherSha256: null,
  layout: [],
  beside: [],
  fileKind: 'ddim-1',
  sharded: false,
  ...more,
})
const unreadable: FoundFile = {
  kind: 'unreadable',
  name: 'x.png',
  folder: '',
  bytes: 1,
  fault: { file: 'x.png', item: '', problem: 'it is an image', remedy: 'Give a checkpoint.' },
}
/** What planOf makes of one network per file: the indices of teachers and students. */
const rolesOf = (files: FoundFile[]) => {
  const { teachers, students } = planOf(files)
  return [teachers.map(({ file }) => file), students.map(({ file }) => file)]
}

describe('planOf', () => {
  it('takes the file whose manifest has binarized layers for the student, in either order', () => {
    const [a, b] = [checkpoint('a.safetensors'), checkpoint('b.safetensors', { binarized: 35 })]
    expect(rolesOf([a, b])).toEqual([[0], [1]])
    expect(rolesOf([b, a])).toEqual([[1], [0]])
  })

  it('believes the manifest and not the name', () => {
    expect(rolesOf([checkpoint('student.pt'), checkpoint('teacher.pt', { binarized: 3 })])).toEqual([
      [0],
      [1],
    ])
  })

  it.each([
    ['mnist-w1a4.pt', 'mnist.pt'],
    ['unet_binary.ckpt', 'unet_fp32.ckpt'],
    ['last.pt', 'teacher.pt'],
  ])('goes by names where files say nothing: %s is the student of %s', (student, teacher) => {
    expect(rolesOf([checkpoint(student), checkpoint(teacher)])).toEqual([[1], [0]])
    expect(rolesOf([checkpoint(teacher), checkpoint(student)])).toEqual([[0], [1]])
  })

  it('takes the first of two equals for the teacher, unless they are steps of one training', () => {
    expect(rolesOf([checkpoint('a.pt'), checkpoint('b.pt')])).toEqual([[0], [1]])
    const steps = [checkpoint('ckpt_20.pt', { step: 20 }), checkpoint('ckpt_10.pt', { step: 10 })]
    expect(rolesOf(steps)).toEqual([[1, 0], []])
  })

  it('takes a single full-precision file for a teacher, a binarized one for a student', () => {
    expect(rolesOf([checkpoint('a.pt')])).toEqual([[0], []])
    expect(rolesOf([checkpoint('a.pt', { binarized: 1 })])).toEqual([[], [0]])
    const binarydm = { networks: [network('raw', 'model.', 'binarydm')], usual: 'model.' }
    expect(rolesOf([checkpoint('a.pt', binarydm)])).toEqual([[], [0]])
  })

  it('finds student and teacher in one Lightning file', () => {
    const networks = [
      network('raw', 'model.', 'binarydm'),
      network('ema', 'model_ema.', 'binarydm'),
      network('teacher', 'model2.', 'openaimodel'),
    ]
    expect(planOf([checkpoint('last.ckpt', { networks, usual: 'model_ema.' })])).toEqual({
      teachers: [{ file: 0, prefix: 'model2.' }],
      students: [{ file: 0, prefix: 'model_ema.' }],
    })
  })

  it('makes many students steps of one run, against the teacher that one of them brings', () => {
    const student = (step: number, more: Partial<FoundCheckpoint> = {}) =>
      checkpoint(`epoch=0-step=${step}.ckpt`, {
        step,
        networks: [network('raw', 'model.', 'binarydm')],
        usual: 'model.',
        ...more,
      })
    const last = student(600, {
      networks: [network('raw', 'model.', 'binarydm'), network('teacher', 'model2.', 'openaimodel')],
    })
    expect(planOf([last, student(400), student(100)])).toEqual({
      teachers: [{ file: 0, prefix: 'model2.' }],
      students: [2, 1, 0].map((file) => ({ file, prefix: 'model.' })),
    })
    // a teacher by itself goes before one in a student's file
    expect(planOf([last, student(400), checkpoint('teacher.ckpt')]).teachers).toEqual([
      { file: 2, prefix: '' },
    ])
  })
})

describe('planFault', () => {
  const faultOf = (files: FoundFile[]) => planFault(files, planOf(files))

  it('has nothing against a pair, a single teacher, or many', () => {
    expect(faultOf([checkpoint('a.pt'), checkpoint('b.pt', { binarized: 2 })])).toBeNull()
    expect(faultOf([checkpoint('a.pt')])).toBeNull()
    expect(faultOf([1, 2, 3].map((step) => checkpoint(`a_${step}.pt`, { step })))).toBeNull()
  })

  it('says that a student alone needs its teacher', () => {
    expect(faultOf([checkpoint('s.pt', { binarized: 2 })])).toMatchObject({
      file: 's.pt',
      problem: expect.stringContaining('teacher'),
    })
  })

  it('says that a binarized file cannot be the teacher', () => {
    const files = [checkpoint('a.pt', { binarized: 2 }), checkpoint('b.pt', { binarized: 2 })]
    expect(faultOf(files)?.problem).toContain('binarized layers')
  })

  it('passes the fault of an unreadable file on where it leaves no pair, and not among many', () => {
    expect(faultOf([checkpoint('a.pt'), unreadable])).toMatchObject({ file: 'x.png' })
    const steps = [1, 2].map((step) => checkpoint(`a_${step}.pt`, { step }))
    expect(faultOf([...steps, unreadable])).toBeNull()
  })

  it('refuses a drop without a checkpoint', () => {
    expect(faultOf([])?.problem).toContain('no checkpoint')
  })
})

describe('proposedName', () => {
  it.each([
    ['w1a4.safetensors', '', 'w1a4'],
    ['last.ckpt', 'logs/w1a4/checkpoints', 'w1a4'],
    ['w1a4.ckpt', 'logs', 'w1a4'],
    ['last.ckpt', '', 'last'],
  ])('of %s in "%s" is %s', (name, folder, expected) => {
    expect(proposedName([checkpoint(name, { folder })])).toBe(expected)
  })

  it('of several is their folder, or what their names have before the step', () => {
    const steps = (folder: string) => [100, 200].map((n) => checkpoint(`mnist_${n}.pth`, { folder, step: n }))
    expect(proposedName(steps('runs/ddim_mnist'))).toBe('ddim_mnist')
    expect(proposedName(steps(''))).toBe('mnist')
  })
})
