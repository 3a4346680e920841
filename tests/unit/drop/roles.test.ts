import { describe, expect, it } from 'vitest'
import { type FoundFile, rolesFault, rolesOf } from '../../../app/_drop/roles'

type Checkpoint = Extract<FoundFile, { kind: 'checkpoint' }>

const checkpoint = (name: string, more: Partial<Checkpoint> = {}): FoundFile => ({
  kind: 'checkpoint',
  name,
  bytes: 1000,
  run: null,
  role: null,
  binarized: 0,
  layers: [],
  unrun: null,
  tensors: 10,
  values: 100,
  ...more,
})
const config: FoundFile = { kind: 'config', name: 'config.json', bytes: 10 }

describe('rolesOf', () => {
  it('takes the file whose manifest has binarized layers for the student, in either order', () => {
    const [a, b] = [checkpoint('a.safetensors'), checkpoint('b.safetensors', { binarized: 35 })]
    expect(rolesOf([a, b])).toEqual({ teacher: 0, student: 1, config: null })
    expect(rolesOf([b, a])).toEqual({ teacher: 1, student: 0, config: null })
  })

  it('believes the manifest and not the name', () => {
    const files = [checkpoint('student.pt'), checkpoint('teacher.pt', { binarized: 3 })]
    expect(rolesOf(files)).toMatchObject({ teacher: 0, student: 1 })
  })

  it.each([
    ['mnist-w1a4.pt', 'mnist.pt'],
    ['unet_binary.ckpt', 'unet_fp32.ckpt'],
    ['last.pt', 'teacher.pt'],
  ])('goes by names where files say nothing: %s is the student of %s', (student, teacher) => {
    expect(rolesOf([checkpoint(student), checkpoint(teacher)])).toMatchObject({ teacher: 1, student: 0 })
    expect(rolesOf([checkpoint(teacher), checkpoint(student)])).toMatchObject({ teacher: 0, student: 1 })
  })

  it('takes the first of two equals for the teacher', () => {
    expect(rolesOf([checkpoint('a.pt'), checkpoint('b.pt')])).toMatchObject({ teacher: 0, student: 1 })
  })

  it('finds the configuration among the files', () => {
    expect(rolesOf([config, checkpoint('a.pt')])).toEqual({ teacher: 1, student: null, config: 0 })
  })

  it('takes a single full-precision file for a teacher, a binarized one for a student', () => {
    expect(rolesOf([checkpoint('a.pt')])).toMatchObject({ teacher: 0, student: null })
    expect(rolesOf([checkpoint('a.pt', { binarized: 1 })])).toMatchObject({ teacher: null, student: 0 })
  })
})

describe('rolesFault', () => {
  const faultOf = (files: FoundFile[]) => rolesFault(files, rolesOf(files))

  it('has nothing against a pair, a single teacher, or either with a config', () => {
    expect(faultOf([checkpoint('a.pt'), checkpoint('b.pt', { binarized: 2 })])).toBeNull()
    expect(faultOf([checkpoint('a.pt'), config])).toBeNull()
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

  it('passes the fault of an unreadable file on', () => {
    const fault = { file: 'x.png', item: '', problem: 'it is an image', remedy: 'Give a checkpoint.' }
    expect(faultOf([checkpoint('a.pt'), { kind: 'unreadable', name: 'x.png', bytes: 1, fault }])).toBe(fault)
  })

  it('refuses a config alone and more than two checkpoints', () => {
    expect(faultOf([config])?.problem).toContain('no checkpoint')
    expect(faultOf([checkpoint('a.pt'), checkpoint('b.pt'), checkpoint('c.pt')])?.file).toBe('3 checkpoints')
  })
})
