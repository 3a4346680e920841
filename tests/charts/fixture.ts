/** A network of eight layers and ten timesteps, small enough to read in a snapshot. */
import type { Layer, Place } from '../../lib/record/run'

export const timesteps = [901, 801, 701, 601, 501, 401, 301, 201, 101, 1]

function layer(id: string, place: Place, resolution = 8): Layer {
  return {
    id,
    kind: 'conv',
    place,
    inChannels: 8,
    outChannels: 8,
    kernel: 3,
    stride: 1,
    resolution,
    macs: 9 * 64 * resolution ** 2,
    parameters: 9 * 64 + 8,
  }
}

export const layers: Layer[] = [
  layer('temb.dense.0', { part: 'time', level: null, block: null, role: 'time_1' }, 1),
  layer('conv_in', { part: 'in', level: 0, block: null, role: 'conv_in' }),
  layer('down.0.block.0.conv1', { part: 'down', level: 0, block: 0, role: 'conv1' }),
  layer('down.0.block.0.conv2', { part: 'down', level: 0, block: 0, role: 'conv2' }),
  layer('mid.block_1.conv1', { part: 'mid', level: 0, block: 0, role: 'conv1' }),
  layer('up.0.block.0.conv1', { part: 'up', level: 0, block: 0, role: 'conv1' }),
  layer('up.0.block.1.conv1', { part: 'up', level: 0, block: 1, role: 'conv1' }),
  layer('conv_out', { part: 'out', level: 0, block: null, role: 'conv_out' }),
]
