/**
 * The noise a network was trained with: the variance (beta) added at each timestep. Trainings keep it as a buffer beside
 * their weights, configurations as two ends and the way between them.
 */
import * as z from 'zod/mini'
import type { ScheduleName } from '../record/run'
import type { TensorFile } from '../tensor/tensor'

const maxTimesteps = 100_000
const beta = z.number().check(z.gt(0), z.lt(1))

export const Noise = z.union([
  z.object({
    /** Equal steps in beta (ermongroup/ddim, diffusers), or in its square root (latent-diffusion's "linear"). */
    spacing: z.enum(['linear', 'root']),
    start: beta,
    end: beta,
    timesteps: z.int().check(z.positive(), z.maximum(maxTimesteps)),
  }),
  /** Any other, one by one. */
  z.object({ betas: z.array(beta).check(z.minLength(1), z.maxLength(maxTimesteps)) }),
])
export type Noise = z.infer<typeof Noise>

/** By family, what its published trainings have as a rule: for latent-diffusion that of LDM-4. */
export const usualNoise = {
  ddim: { spacing: 'linear', start: 1e-4, end: 0.02, timesteps: 1000 },
  diffusers: { spacing: 'linear', start: 1e-4, end: 0.02, timesteps: 1000 },
  ldm: { spacing: 'root', start: 0.0015, end: 0.0195, timesteps: 1000 },
} as const satisfies Record<ScheduleName, Noise>

/** Beta at each timestep. Linear ones are float32 values, as the code bases that use them have them. */
export function betasOf(noise: Noise): Float64Array {
  if ('betas' in noise) return Float64Array.from(noise.betas)
  const { spacing, start, end, timesteps } = noise
  return Float64Array.from({ length: timesteps }, (_, i) => {
    const share = timesteps === 1 ? 0 : i / (timesteps - 1)
    if (spacing === 'linear') return Math.fround(start + share * (end - start))
    const root = Math.sqrt(start) + share * (Math.sqrt(end) - Math.sqrt(start))
    return root * root
  })
}

/** The noise as a sentence has it: 'linear in the root, from 0.0015 to 0.0195, 1000 timesteps'. */
export function describeNoise(noise: Noise): string {
  if ('betas' in noise) return `${noise.betas.length} timesteps, each of its own`
  const way = noise.spacing === 'root' ? 'linear in the root' : 'linear'
  return `${way}, from ${noise.start} to ${noise.end}, ${noise.timesteps} timesteps`
}

/**
 * The noise of the training that saved a network whose stored names start with `prefix`: its buffer `betas`, else
 * `alphas_cumprod`, of the innermost module that has one. null where there is none, or what there is cannot be betas.
 */
export async function readNoise(file: TensorFile, prefix: string): Promise<Noise | null> {
  for (const owner of owners(prefix)) {
    const betas = await readVector(file, `${owner}betas`)
    if (betas) return noiseFrom(betas, file.tensors.get(`${owner}betas`)!.dtype === 'F16' ? 1e-3 : 1e-6)
    const alphaBars = await readVector(file, `${owner}alphas_cumprod`)
    if (alphaBars)
      return noiseFrom(
        alphaBars.map((bar, i) => 1 - bar / (alphaBars[i - 1] ?? 1)),
        1e-6,
      )
  }
  return null
}

/** 'state_dict/model.unet.' lies in itself, 'state_dict/model.', 'state_dict/' and ''. */
function owners(prefix: string): string[] {
  const ends = [...prefix.matchAll(/[./]/g)].map(({ index }) => index + 1)
  return [...ends.reverse().map((end) => prefix.slice(0, end)), '']
}

async function readVector(file: TensorFile, name: string): Promise<number[] | null> {
  const shape = file.tensors.get(name)?.shape
  if (shape?.length !== 1 || shape[0]! > maxTimesteps) return null
  return [...(await file.read(name)).data]
}

/** Ends of three digits and a way between them if those give the betas, up to rounding to `precision`; else the betas. */
function noiseFrom(betas: number[], precision: number): Noise | null {
  const [start, end] = [betas[0], betas.at(-1)].map((value) => Number(value?.toPrecision(3)))
  for (const spacing of ['root', 'linear'] as const) {
    const noise = z.safeParse(Noise, { spacing, start, end, timesteps: betas.length })
    if (!noise.success) continue
    const exact = betasOf(noise.data)
    if (betas.every((beta, i) => Math.abs(beta - exact[i]!) <= precision * exact[i]! + 1.5e-7))
      return noise.data
  }
  return z.safeParse(Noise, { betas }).data ?? null
}
