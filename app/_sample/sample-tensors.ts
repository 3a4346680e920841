/** The finished samples as a safetensors file, under the names the CLI's `sample` gives them. */
import { writeSafetensors } from '../../lib/tensor/safetensors'
import type { Trace } from './trace'

/** `teacher.x_final` and `student.x_final`, float32 NCHW as the networks see them; null until both are done. */
export function sampleTensors(
  traces: { teacher: Trace; student: Trace | null },
  protocol: Record<string, string | number>,
): Uint8Array<ArrayBuffer> | null {
  const tensors: Parameters<typeof writeSafetensors>[0] = new Map()
  for (const role of ['teacher', 'student'] as const) {
    const trace = traces[role]
    if (!trace) continue
    if (!trace.final || !trace.shape) return null
    tensors.set(`${role}.x_final`, {
      tensor: { shape: [...trace.shape], data: trace.final },
      dtype: 'F32',
    })
  }
  const metadata = new Map(Object.entries(protocol).map(([name, value]) => [name, String(value)]))
  return new Uint8Array(writeSafetensors(tensors, metadata))
}
