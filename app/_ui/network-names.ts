/** What pages call the networks of a file and the code bases whose sampler they run with. */
import type { ScheduleName } from '../../lib/record/run'
import type { NetworkRole } from '../../lib/unet/networks'

const roleWords: Record<NetworkRole, string> = {
  raw: 'raw weights',
  ema: 'EMA',
  teacher: 'teacher',
  'teacher-ema': 'EMA of the teacher',
}

/** Names that begin with nothing may be of raw weights or of an average: such a file does not tell. */
export function networkName(role: NetworkRole, prefix: string): string {
  return prefix === '' && role === 'raw' ? 'bare names' : roleWords[role]
}

export const scheduleWords: Record<ScheduleName, string> = {
  ddim: 'ermongroup/ddim',
  diffusers: 'diffusers',
  ldm: 'latent-diffusion',
}
