/** SIGKILL for real: a diagnosis as a process of its own, killed half way and resumed. */
import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = temporaryFolder()
const teacher = `${fixtures}/diffusers_old_s1`
const student = join(folder, 'student.safetensors')
const kept = join(folder, 'sweeps')
const flags = [
  '--fp',
  teacher,
  '--binary',
  student,
  '--timesteps',
  '50',
  '--images',
  '2',
  '--resume',
  '--json',
]

/** The command in a process of its own; with `kill` until timesteps were kept. */
function diagnosed(kill: boolean): Promise<{ signal: string | null; stdout: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'lib/cli/main.ts', 'diagnose', ...flags], {
    cwd: root,
    env: { ...process.env, SIGNSCOPE_DATA: folder },
  })
  let stdout = ''
  child.stdout.on('data', (text) => {
    stdout += text
  })
  const looking = setInterval(() => {
    if (kill && keptFiles().some((name) => name.startsWith('pair-'))) child.kill('SIGKILL')
  }, 5)
  return new Promise((resolve) => {
    child.on('close', (_code, signal) => {
      clearInterval(looking)
      resolve({ signal, stdout })
    })
  })
}

const keptFiles = () => (existsSync(kept) ? readdirSync(kept).filter((name) => name.endsWith('.json')) : [])

const words =
  'a diagnosis that was killed goes on with --resume and prints the same bytes, leaving only the teacher’s axes'

it(words, { timeout: 300_000 }, async () => {
  const made = ['binarize', teacher, '--method', 'lmb', '--activation-bits', '4', '--out', student]
  expect((await run(...made)).code).toBe(0)
  expect((await diagnosed(true)).signal).toBe('SIGKILL')
  const resumed = await diagnosed(false)
  expect(resumed.signal).toBe(null)
  expect(keptFiles()).toEqual([expect.stringMatching(/^axes-/)])
  const whole = await run('diagnose', ...flags.filter((flag) => flag !== '--resume'))
  expect(resumed.stdout.trim()).toBe(whole.stdout.trim())
})
