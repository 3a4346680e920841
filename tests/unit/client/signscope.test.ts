import { execFile, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeServer, type Server } from '../api/server'

const python = process.env.PYTHON || 'python3'
const job = path.resolve('tests/unit/client/job.py')
const demo = path.resolve('public/demo/mnist-baseline/step-000050.safetensors')

let server: Server
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'signscope-job-'))
  server = await makeServer()
  await server.start()
}, 400_000)
afterAll(async () => {
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})

const environment = (url = server.url) => ({
  ...process.env,
  SIGNSCOPE_URL: url,
  SIGNSCOPE_SPOOL: path.join(folder, 'spool'),
})

type Ended = { code: number; told: Record<string, unknown>; stderr: string }

/** Runs a scenario of job.py to its end. */
function runJob(args: string[], url?: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(python, [job, ...args], { env: environment(url) }, (error, stdout, stderr) => {
      const last = stdout.trim().split('\n').at(-1) || '{}'
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
        told: JSON.parse(last),
        stderr,
      })
    })
  })
}

async function get(where: string) {
  const answer = await fetch(`${server.url}/api/v1/${where}`)
  expect(answer.status, where).toBe(200)
  return answer.json()
}

/** Asks until the answer is as wished. */
async function until<T>(ask: () => Promise<T>, wished: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (wished(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

it('a job shows its scalars, layers, pictures and checkpoints, and its end; the server answers while it diagnoses', async () => {
  const { code, stderr } = await runJob(['normal', demo])
  expect([code, stderr]).toEqual([0, expect.stringContaining('bad is not finite')])
  expect(await get('runs/normal')).toMatchObject({
    outcome: 'finished',
    scalars: ['loss', 'terms/eps'],
    run: { settings: { lr: 1e-4 }, role: 'student' },
  })
  const { values } = await get('scalars?run=normal&name=loss')
  expect(values).toEqual(Array.from({ length: 30 }, (_, step) => ({ step, value: 1 / (step + 1) })))

  expect(await get('statistics?run=normal')).toEqual({ steps: [0, 10, 20] })
  const { layers } = await get('statistics?run=normal&step=20')
  expect(layers).toHaveLength(1)
  const { facts, values: numbers, histograms } = layers[0]
  expect(layers[0].layer).toBe('down')
  expect(facts).toMatchObject({ class: 'Module', precision: 'bnn', order: 2, bnn_mode: 'full' })
  expect(facts).toMatchObject({ 'quantizer_a.bit': 4, 'quantizer_a.init_state': true })
  expect(numbers).toMatchObject({
    'weight.count': 6,
    'weight.positive': 4 / 6,
    'weight.zero': 1 / 6,
    'weight.min': -0.5,
    'weight.max': 1,
    // every sign but that of the zero differs from the teacher's
    'weight.flips': 5 / 6,
    'scaling_first_order.mean': 0.5,
    'quantizer_a.alpha': 0.25,
  })
  expect(numbers['weight.mean']).toBeCloseTo(1 / 6, 12)
  expect(histograms.weight).toMatchObject({ lo: -0.5, hi: 1 })
  expect(histograms.weight.counts).toHaveLength(64)
  expect(histograms.weight.counts.reduce((a: number, b: number) => a + b)).toBe(6)

  const { samples } = await get('samples?run=normal')
  expect(samples).toMatchObject([{ step: 29, seed: 7, width: 6, height: 6 }])

  await until(
    async () => {
      await get('health')
      return get('runs/normal')
    },
    ({ run }) => run.checkpoints.length > 0,
  )
  const latest = await get('runs/normal/checkpoints/latest')
  expect(latest).toMatchObject({ step: 29, fileName: path.basename(demo) })
  expect(latest.sha256).toBe(createHash('sha256').update(readFileSync(demo)).digest('hex'))
  expect(latest.diagnosis.layers).toHaveLength(39)
  // a state dict that is no U-Net is told to be none
  const { uploads } = await until(
    () => get('runs/normal'),
    (answer) => answer.uploads.every(({ state }: { state: string }) => state === 'refused'),
  )
  expect(uploads).toMatchObject([
    { step: 30, fileName: 'step-30.safetensors', problem: expect.stringMatching(/step-30/) },
  ])
}, 240_000)

it('while the server is away everything is kept, and the next process sends it, once', async () => {
  await server.kill()
  const { told, code } = await runJob(['away'])
  expect([code, Number(told.left) > 0]).toEqual([0, true])
  await server.start()
  expect((await runJob(['later'])).code).toBe(0)
  const { values } = await get('scalars?run=away&name=loss')
  expect(values).toEqual(Array.from({ length: 100 }, (_, step) => ({ step, value: step })))
  expect((await get('runs/away')).outcome).toBe('finished')
  expect(readdirSync(path.join(folder, 'spool'))).toEqual([])
}, 120_000)

it('an upload goes on where a killed server had it: at most one chunk is sent again', async () => {
  const [chunk, bytes] = [2 ** 21, 12 * 2 ** 21]
  const header = JSON.stringify({ w: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } })
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(header.length))
  const file = Buffer.concat([head, Buffer.from(header), randomBytes(bytes)])
  const name = path.join(folder, 'large.safetensors')
  writeFileSync(name, file)
  const uploading = spawn(python, [job, 'upload', name], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  const halfway = new Promise<void>((resolve) => {
    uploading.stdout.on('data', (text: Buffer) => {
      said += text
      if (said.split('chunk').length > 5) resolve()
    })
  })
  const ended = new Promise((resolve) => uploading.once('exit', resolve))
  await halfway
  await server.kill()
  await server.start()
  expect(await ended).toBe(0)
  const told = JSON.parse(said.trim().split('\n').at(-1)!)
  expect(told.left).toEqual([])
  expect(told.sent).toBeGreaterThanOrEqual(file.length)
  expect(told.sent).toBeLessThanOrEqual(file.length + chunk)
  const { uploads } = await get('runs/upload')
  expect(uploads).toMatchObject([{ sha256: createHash('sha256').update(file).digest('hex'), step: 1 }])
}, 180_000)

it('nothing that goes wrong reaches the training', async () => {
  for (const scenario of ['faults', 'unwritable']) {
    const { code, told, stderr } = await runJob([scenario])
    expect([scenario, code, told, stderr.includes('Traceback')]).toEqual([
      scenario,
      0,
      { alive: true },
      false,
    ])
  }
}, 60_000)

it('a full queue drops what does not fit and says so', async () => {
  const { code, told, stderr } = await runJob(['full'])
  expect(code).toBe(0)
  expect(told.dropped).toBeGreaterThan(0)
  expect(stderr.match(/the queue is full/g)).toHaveLength(1)
}, 60_000)

it('a training that fails is shown as failed, with its own error', async () => {
  const { code, stderr } = await runJob(['crash'])
  expect([code, stderr]).toEqual([1, expect.stringContaining("ValueError: the training's own")])
  expect((await get('runs/crash')).outcome).toBe('failed')
}, 60_000)

it('finish ends in its time also when the server takes connections and never answers', async () => {
  const hole = createServer(() => {})
  await new Promise<void>((resolve) => hole.listen(0, '127.0.0.1', resolve))
  const { port } = hole.address() as AddressInfo
  const { code, told } = await runJob(['away'], `http://127.0.0.1:${port}`)
  hole.close()
  expect([code, Number(told.left) > 0]).toEqual([0, true])
}, 60_000)

it('the client is had from the server, as a file', async () => {
  const answer = await fetch(`${server.url}/signscope.py`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^text\/x-python/)
  expect(await answer.text()).toBe(readFileSync('public/signscope.py', 'utf8'))
})
