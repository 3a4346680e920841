import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { expect, it } from 'vitest'
import { getLayerLogs } from '../../../lib/store/layer-logs'
import { listPictures } from '../../../lib/store/pictures'
import { getRun } from '../../../lib/store/runs'
import { getScalars, scalarNames } from '../../../lib/store/scalars'
import * as proto from '../record/event-file'
import { useTemporaryStore } from '../store/temporary-store'
import { run, temporaryFolder } from './command-line'

useTemporaryStore()
const folder = temporaryFolder()

const { bytes, double, doubles, event, float, record } = proto
const png = encode({ width: 2, height: 1, data: new Uint8Array([0, 255]), channels: 1, depth: 8 })
const weights = proto.join(
  double(1, -1),
  double(2, 1),
  double(3, 4),
  double(4, 0),
  double(5, 2),
  doubles(6, [0, 1]),
  doubles(7, [1, 3]),
)

function write(name: string, ...events: Uint8Array[]): void {
  mkdirSync(join(folder, 'w1a4/train'), { recursive: true })
  writeFileSync(join(folder, 'w1a4/train', name), proto.join(...events.map(record)))
}

it('a folder of event files becomes a run, and again brings it up to date', async () => {
  const loss = (step: number, value: number) => event(step, bytes(1, 'train/loss'), float(2, value))
  write('events.out.tfevents.1.host', loss(1, 0.5), event(1, bytes(1, 'conv1'), bytes(5, weights)))
  write('events.out.tfevents.2.host', loss(2, 0.25), event(2, bytes(1, 'grid'), bytes(4, bytes(4, png))))
  const first = await run('tensorboard', join(folder, 'w1a4'), '--json')
  expect([first.code, JSON.parse(first.stdout)]).toEqual([
    0,
    { run: 'w1a4', files: 2, scalars: 2, histograms: 1, images: 1 },
  ])
  write('events.out.tfevents.3.host', loss(3, 0.125))
  expect((await run('tensorboard', join(folder, 'w1a4'))).stdout).toContain(
    '3 scalars, 1 histograms, 1 images',
  )

  const { id } = (await getRun('w1a4'))!
  expect(await scalarNames([id])).toEqual(['train/loss'])
  expect((await getScalars(id, ['train/loss'])).get('train/loss')).toEqual(
    [0.5, 0.25, 0.125].map((value, i) => ({ step: i + 1, value })),
  )
  expect(await getLayerLogs(id, 'conv1')).toMatchObject([
    { step: 1, values: { mean: 0, std: Math.sqrt(0.5) } },
  ])
  expect(await listPictures(id)).toMatchObject([{ step: 2, name: 'grid', seed: null, width: 2, height: 1 }])
})

it('a damaged file is refused by name and changes nothing', async () => {
  const file = join(folder, 'damaged')
  writeFileSync(file, proto.join(record(event(1, bytes(1, 'a'), float(2, 1))), new Uint8Array(40)))
  const { code, stderr } = await run('tensorboard', file, '--run', 'damaged')
  expect([code, stderr]).toEqual([2, expect.stringContaining('damaged: record at byte')])
  expect(await getRun('damaged')).toBeNull()
  expect((await run('tensorboard', join(folder, 'w1a4/train/none'))).code).toBe(2)
})
