import os from 'node:os'
import { expect, it } from 'vitest'
import { aliasesOf, anonymised, letters } from '../../app/_views/anonymous'
import type { RunSummary } from '../../lib/record/run'

const run = (name: string, role: RunSummary['role'], id: string, fileName: string) =>
  ({ name, role, checkpoints: [{ id, fileName }] }) as unknown as RunSummary

const runs = [
  run('lab-secret', 'student', 'c1', 'ours.safetensors'),
  run('lab-secret-v2', 'student', 'c2', 'ours-v2.ckpt'),
  run('teacher', 'teacher', 'c3', 'big.pt'),
]
const aliases = aliasesOf(runs, ['c2', 'c1'])

it('runs get letters in the order in which the view shows them', () => {
  expect([...aliases.entries()].filter(([, alias]) => alias.includes(' '))).toEqual([
    [os.hostname(), 'this machine'],
    ['teacher', 'teacher A'],
    ['lab-secret-v2', 'student A'],
    ['lab-secret', 'student B'],
  ])
  expect([0, 25, 26, 27, 52].map(letters)).toEqual(['A', 'Z', 'AA', 'AB', 'BA'])
})

it('no name of a run, file or machine is left, wherever it stands', async () => {
  const data = {
    run: { name: 'lab-secret', role: 'student', method: 'lmb' },
    teacher: 'teacher',
    notes: ['lab-secret-v2@100 against lab-secret', `trained on ${os.hostname()} from big.pt`],
    fileName: 'ours.safetensors',
    settings: { data: '/home/me/faces', seed: 3, nested: { host: 'lab' }, ema: true, lr: '1e-4' },
    variant: 'W1A8, lr 0.1, data my faces',
    later: Promise.resolve(['lab-secret']),
    values: new Float32Array([1]),
    gap: null,
  }
  const { later, ...rest } = anonymised(data, aliases)
  expect(await later).toEqual(['student B'])
  expect(rest).toEqual({
    run: { name: 'student B', role: 'student', method: 'lmb' },
    teacher: 'teacher A',
    notes: ['student A@100 against student B', 'trained on this machine from checkpoint'],
    fileName: 'checkpoint',
    settings: { data: 'withheld', seed: 3, nested: { host: 'withheld' }, ema: true, lr: '1e-4' },
    variant: 'W1A8, lr 0.1, data withheld',
    values: data.values,
    gap: null,
  })
})

it('a run called like a word of the program changes no such word, and no pixels', () => {
  const pixels = `${'A'.repeat(300)}+teacher+`
  const data = { role: 'teacher', kind: 'teacher', pixels, layer: 'teacher.conv' }
  expect(anonymised(data, aliases)).toEqual({ ...data, layer: 'teacher A.conv' })
})
