import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { decode } from 'fast-png'
import { beforeAll, describe, expect, it } from 'vitest'
import { openCheckpoint, readTensor, withTensors } from '../../../lib/cli/open'
import { writeNpy } from '../../../lib/tensor/npy'
import { distance, expected, fixtures } from '../unet/upstream'
import { run, temporaryFolder } from './command-line'

const folder = temporaryFolder()
const network = `${fixtures}/diffusers_old_s1`
const io = `${network}/io.safetensors`
const student = join(folder, 'student.safetensors')

beforeAll(async () => {
  const flags = ['--method', 'lmb', '--activation-bits', '4', '--out', student]
  expect((await run('binarize', network, ...flags)).code).toBe(0)
})

describe('help', () => {
  it('lists the commands on stdout when it is asked for, and on stderr when nothing is', async () => {
    const [asked, bare] = [await run('--help'), await run()]
    for (const command of ['inspect', 'import', 'forward', 'sample', 'binarize', 'diagnose', 'train']) {
      expect(asked.stdout).toContain(command)
      expect(bare.stderr).toContain(command)
      expect(await run(command, '--help')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('usage:'),
      })
    }
    expect([asked.code, bare.code, bare.stdout]).toEqual([0, 2, ''])
  })
})

describe('inspect', () => {
  const lines = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line))

  it('tells container, family, tensors, layers and precision in one JSON line for each file', async () => {
    const { code, stdout } = await run('inspect', network, student, '--json')
    expect(code).toBe(0)
    const [teacher, binary] = lines(stdout)
    expect(teacher).toMatchObject({
      ok: true,
      container: 'torch-zip',
      family: 'diffusers',
      network: { role: 'raw', prefix: '' },
      precision: 'FP32',
      parameters: 177427,
      problem: null,
    })
    expect([teacher.tensors.length, teacher.layers.length]).toEqual([144, 51])
    expect(binary).toMatchObject({
      ok: true,
      container: 'safetensors',
      precision: 'W1A4',
      role: 'student',
      run: { role: 'student' },
    })
    expect(binary.run.teacherSha256).toMatch(/^[0-9a-f]{64}$/)
  })

  it('tells the bits of a BinaryDM student, which only its weights tell, with each of its networks', async () => {
    const path = `${fixtures}/real/binarydm_fashion/a4_fixed/last.ckpt`
    const config = `${fixtures}/real/binarydm_fashion/config.json`
    const of = async (network: string) =>
      lines((await run('inspect', path, '--json', '--config', config, '--network', network)).stdout)[0]
    for (const network of ['raw', 'ema'])
      expect(await of(network)).toMatchObject({ family: 'binarydm', precision: 'W1A4', role: 'student' })
    expect((await of('teacher')).precision).toBe('FP32')
  })

  it('lists the tensors of a file without a network and says so', async () => {
    const { code, stdout, stderr } = await run('inspect', io, '--tensors')
    expect(code).toBe(0)
    expect(stdout).toContain('F32 [2, 3, 8, 8] eps')
    expect(stderr).toContain('no network is found')
  })

  it('goes on after a refused file, tells its code and exits with 1', async () => {
    const containers = `${fixtures}/containers`
    const { code, stdout } = await run(
      ...['inspect', '--json', `${containers}/evil_global_00.pt`, `${containers}/empty.pt`],
      ...[`${containers}/nowhere.pt`, `${containers}/bare_zip.pt`],
    )
    expect(code).toBe(1)
    expect(lines(stdout)).toMatchObject([
      { ok: false, error: { code: 'code', message: expect.stringContaining('os.system') } },
      { ok: false, error: { code: 'empty' } },
      { ok: false, error: { code: 'not_found' } },
      {
        ok: true,
        family: 'other',
        layers: [
          { id: '0', kind: 'conv' },
          { id: '2', kind: 'linear' },
        ],
      },
    ])
    expect((await run('inspect', '--json')).code).toBe(2)
  })

  it('judges every container as upstream says', async () => {
    const { cases } = JSON.parse(readFileSync(`${fixtures}/containers/expected.json`, 'utf8'))
    const files = cases.map(({ file }: { file: string }) => `${fixtures}/containers/${file}`)
    const { stdout } = await run('inspect', '--json', ...files)
    expect(lines(stdout).map(({ file, ok }) => [file, ok])).toEqual(
      cases.map(({ expect }: { expect: string }, i: number) => [files[i], expect === 'ok']),
    )
  })

  it('shows the networks of a training checkpoint, and their names beside the stored ones', async () => {
    const path = `${fixtures}/containers/lightning_ema.ckpt`
    const { stdout } = await run('inspect', path, '--mapping')
    expect(stdout).toContain('raw: openaimodel, 4 tensors, step 10, named state_dict/model.diffusion_model.')
    expect(stdout).toContain('ema (used): openaimodel, 4 tensors')
    expect(stdout).toContain('out.2.weight = state_dict/model_ema.diffusion_modelout2weight')
    expect(stdout).toContain('state_dict/first_stage_model. 1')
    const raw = lines((await run('inspect', path, '--json', '--network', 'raw')).stdout)
    expect(raw[0].network).toEqual({ role: 'raw', prefix: 'state_dict/model.diffusion_model.' })
    const none = await run('inspect', path, '--json', '--network', 'teacher')
    expect([none.code, lines(none.stdout)[0].error.code]).toEqual([1, 'not_found'])
  })
})

describe('binarize', () => {
  it('writes scales and signs that rebuild the effective weights', async () => {
    const effective = join(folder, 'effective.safetensors')
    await run('binarize', network, '--method', 'lmb', '--effective', '--out', effective)
    const id = 'mid_block.resnets.0.conv1'
    const part = async (name: string) => (await readTensor(`${student}:${id}.${name}`)).data
    const [sigma1, sigma2] = [await part('sigma1'), await part('sigma2')]
    const [sign1, sign2] = [await part('sign1'), await part('sign2')]
    const rebuilt = sign1.map((sign, i) => {
      const row = Math.floor(i / (sign1.length / sigma1.length))
      return sigma1[row]! * sign + sigma2[row]! * sign2[i]!
    })
    const { data, shape } = await readTensor(`${effective}:${id}.weight`)
    expect(shape).toEqual([32, 32, 3, 3])
    // the same two float32 products and their sum
    expect(distance(data, rebuilt)).toBeLessThan(1e-7)
    const dtype = await withTensors(student, async (file) => file.tensors.get(`${id}.sign1`)?.dtype)
    expect(dtype).toBe('I8')
  })

  it('makes a student that runs binarized, and as its effective weights when inputs stay floats', async () => {
    const effective = join(folder, 'effective.safetensors')
    const eps = async (file: string, ...flags: string[]) => {
      const out = join(folder, 'eps.safetensors')
      expect(
        (await run('forward', file, '--x', `${io}:x`, '--t', `${io}:t`, '--out', out, ...flags)).code,
      ).toBe(0)
      return (await readTensor(`${out}:eps`)).data
    }
    expect(await eps(student, '--mode', 'w_only')).toEqual(await eps(effective))
    const full = await eps(student, '--mode', 'full')
    expect(distance((await expected('diffusers_old_s1', 'eps')).data, full)).toBeLessThan(4e-6)
    expect(distance(full, await eps(student))).toBeGreaterThan(0.05)
  })

  it('keeps the first and last layer and the time MLP', async () => {
    const { manifest } = (await openCheckpoint(student)).checkpoint
    const kept = Object.keys(manifest).filter((id) => manifest[id]!.bases === 0)
    expect(kept).toEqual(['time_embedding.linear_1', 'time_embedding.linear_2', 'conv_in', 'conv_out'])
  })

  it('gives the kept layers 8 bits if asked', async () => {
    const out = join(folder, 'ebb.safetensors')
    const flags = ['--method', 'ebb', '--kept-bits', '8', '--activation-bits', '4', '--out', out]
    expect((await run('binarize', network, ...flags)).code).toBe(0)
    const { manifest, scales, tensors } = (await openCheckpoint(out)).checkpoint
    expect(manifest.conv_in).toEqual({ method: 'lsq', bases: 0, activationBits: 8 })
    expect(manifest['mid_block.resnets.0.conv1']).toEqual({ method: 'ebb', bases: 2, activationBits: 4 })
    expect(scales.get('conv_in')!.step).toHaveLength(tensors.get('conv_in.bias')!.data.length)
    expect(
      (await run('forward', out, '--x', `${io}:x`, '--t', `${io}:t`, '--out', join(folder, 'e.safetensors')))
        .code,
    ).toBe(0)
  })

  it('refuses two bases for xnor, and a network that is binarized already', async () => {
    const out = join(folder, 'never.safetensors')
    const refused = await run('binarize', network, '--method', 'xnor', '--bases', '2', '--out', out)
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('xnor with 2 bases') })
    const twice = await run('binarize', student, '--method', 'sign', '--out', out)
    expect(twice).toMatchObject({ code: 2, stderr: expect.stringContaining('binarized already') })
  })
})

describe('pack and unpack', () => {
  const packed = join(folder, 'packed.safetensors')
  const unpacked = join(folder, 'unpacked.safetensors')

  it('keep every sample bit for bit, and tell where the bytes went', async () => {
    const { code, stdout } = await run('pack', student, '--out', packed, '--json')
    expect(code).toBe(0)
    const { bytes, parts, ratio, fullPrecisionBytes } = JSON.parse(stdout)
    expect(readFileSync(packed)).toHaveLength(bytes)
    expect(Object.values<number>(parts).reduce((a, b) => a + b)).toBe(bytes)
    expect([fullPrecisionBytes, ratio]).toEqual([4 * 177427, (4 * 177427) / bytes])
    const written = await run('unpack', packed, '--out', unpacked)
    expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('latent weights cannot be') })
    const traced = async (file: string) => {
      const out = join(folder, 'trace.safetensors')
      await run('sample', file, '--images', '2', '--steps', '3', '--trace', '--out', out)
      return readFileSync(out)
    }
    const source = await traced(student)
    expect((await traced(packed)).equals(source)).toBe(true)
    expect((await traced(unpacked)).equals(source)).toBe(true)
  })

  it('say what they are to inspect and diagnose', async () => {
    const { stdout } = await run('inspect', packed, '--json')
    const report = JSON.parse(stdout)
    const sourceSha256 = createHash('sha256').update(readFileSync(student)).digest('hex')
    expect(report).toMatchObject({
      ...{ precision: 'W1A4', role: 'student', parameters: 177427, packed: 47, packedFrom: sourceSha256 },
      problem: null,
    })
    const flags = ['--timesteps', '2', '--images', '1', '--json']
    const diagnosed = async (file: string) =>
      JSON.parse((await run('diagnose', '--fp', network, '--binary', file, ...flags)).stdout)
    const [own, theirs] = [await diagnosed(packed), await diagnosed(student)]
    expect(own.output).toEqual(theirs.output)
    expect(own.ledger).toEqual(theirs.ledger)
  })

  it('refuse what is no student, or packed already, or not packed', async () => {
    const out = join(folder, 'never.safetensors')
    expect(await run('pack', network, '--out', out)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('no layer of it is binarized'),
    })
    expect((await run('pack', packed, '--out', out)).stderr).toContain('packed already')
    expect((await run('unpack', student, '--out', out)).stderr).toContain('it is not packed')
    expect((await run('binarize', packed, '--method', 'sign', '--out', out)).code).toBe(2)
  })
})

describe('sample', () => {
  it('draws the same pictures from the same seed, and image i whatever their number', async () => {
    const draw = async (name: string, images: string) => {
      const out = join(folder, name)
      await run('sample', network, '--seed', '3', '--images', images, '--steps', '4', '--out', out)
      return (await readTensor(`${out}:x_final`)).data
    }
    const [two, again, three] = [
      await draw('a.safetensors', '2'),
      await draw('b.safetensors', '2'),
      await draw('c.safetensors', '3'),
    ]
    expect(again).toEqual(two)
    expect(three.slice(0, two.length)).toEqual(two)
  })

  it('writes a PNG grid with --out NAME.png', async () => {
    const out = join(folder, 'grid.png')
    await run('sample', student, '--images', '5', '--steps', '2', '--out', out)
    const { width, height, channels } = decode(readFileSync(out))
    expect({ width, height, channels }).toEqual({ width: 28, height: 18, channels: 3 })
  })

  it('depends on its seed with ddpm and with eta', async () => {
    const xT = `${io}:ddim.x_T`
    for (const flags of [
      ['--sampler', 'ddpm'],
      ['--eta', '1'],
    ]) {
      const draw = async (seed: string) => {
        const out = join(folder, `${seed}.safetensors`)
        const sampler = ['--sampler', 'ddim', ...flags]
        await run('sample', network, '--x', xT, '--seed', seed, '--steps', '3', ...sampler, '--out', out)
        return (await readTensor(`${out}:x_final`)).data
      }
      const [one, two] = [await draw('1'), await draw('2')]
      expect(distance(one, two)).toBeGreaterThan(1e-3)
      expect(await draw('1')).toEqual(one)
    }
  })
})

describe('diagnose', () => {
  it('prints the whole diagnosis as one JSON document', async () => {
    const flags = ['--timesteps', '3', '--images', '2', '--json']
    const { code, stdout } = await run('diagnose', '--fp', network, '--binary', student, ...flags)
    expect(code).toBe(0)
    const diagnosis = JSON.parse(stdout)
    expect(diagnosis.layers).toHaveLength(51)
    expect(diagnosis.timesteps).toEqual([666, 333, 0])
    expect(diagnosis.output.sqnr).toHaveLength(3)
  })
})

describe('a tensor argument', () => {
  it('may be a .npy file', async () => {
    const x = await expected('diffusers_old_s1', 'x')
    const npy = join(folder, 'x.npy')
    writeFileSync(npy, writeNpy(x))
    const out = join(folder, 'npy.safetensors')
    expect((await run('forward', network, '--x', npy, '--t', `${io}:t`, '--out', out)).code).toBe(0)
    const { data } = await readTensor(`${out}:eps`)
    expect(distance((await expected('diffusers_old_s1', 'eps')).data, data)).toBeLessThan(4e-6)
  })
})
