import { sampleLayer, sampleUpload } from '../unit/store/sample-upload'

/** A diagnosed checkpoint with as many layers as a U-Net of this size has. */
export function uploadOf(about: {
  name: string
  step: number
  sha256: string
  bytes: number
  layers: number
}) {
  const { name, step, sha256, bytes, layers } = about
  const upload = sampleUpload({ name, step })
  const records = Array.from({ length: layers }, (_, i) => sampleLayer(`layer.${i}`))
  return { ...upload, sha256, bytes, diagnosis: { ...upload.diagnosis, layers: records } }
}
