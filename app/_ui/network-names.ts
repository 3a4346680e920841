/** What pages call the networks of a file and the code bases whose sampler they run with. */
import type { ScheduleName } from '../../lib/record/run'
import type { NetworkRole } from '../../lib/unet/networks'

export const roleWords: Record<NetworkRole, string> = {
  raw: 'raw weights',
  ema: 'EMA',
  teacher: 'teacher',
  'teacher-ema': 'EMA of the teacher',
}

export const scheduleWords: Record<ScheduleName, string> = {
  ddim: 'ermongroup/ddim',
  diffusers: 'diffusers',
  ldm: 'latent-diffusion',
}
