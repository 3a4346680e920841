import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { withTensors } from '../../../lib/cli/open'
import { findNetworks } from '../../../lib/unet/networks'
import { writeLightning } from '../../../scripts/bench/lightning'

it('the checkpoint of the browser benchmark holds a network and its average, as latent diffusion saves them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lightning-'))
  try {
    const path = join(folder, 'small.ckpt')
    const shapes: [string, number[]][] = [
      ['time_embed.0.weight', [8, 4]],
      ['input_blocks.0.0.weight', [4, 3, 3, 3]],
    ]
    writeLightning(path, shapes, { averaged: true })
    await withTensors(path, async (file) => {
      expect(findNetworks(file).map(({ role, names }) => [role, names.size])).toEqual([
        ['raw', 2],
        ['ema', 2],
      ])
      const { data } = await file.read('state_dict/model.diffusion_model.input_blocks.0.0.weight')
      expect(data).toHaveLength(108)
      expect(data.every((v) => Math.abs(v) < 0.4)).toBe(true)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
