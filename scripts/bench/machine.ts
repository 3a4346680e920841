/** What a measurement in Chromium was made on. */
import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg } from 'node:os'
import { version_core } from '@tensorflow/tfjs-core'

export type Machine = {
  cpu: string
  cores: number
  chromium: string
  tfjs: string
  onnxruntime: string
  threads: 1
  /** Of the last minute. */
  load: number
}

export function machineFacts(chromium: string): Machine {
  const ort = new URL('../../node_modules/onnxruntime-web/package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(ort, 'utf8')) as { version: string }
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    ...{ chromium, tfjs: version_core, onnxruntime: version, threads: 1 },
    load: loadavg()[0]!,
  }
}

export const machineInWords = ({ cpu, cores, chromium, tfjs, onnxruntime, load }: Machine): string =>
  `${cpu}, ${cores} cores, load ${load.toFixed(1)}; Chromium ${chromium}, tfjs ${tfjs}, onnxruntime-web ${onnxruntime}; one thread`
