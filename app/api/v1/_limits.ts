/** Bytes of an uploaded file; SIGNSCOPE_MAX_UPLOAD_MB, default 512. */
export function uploadLimit(): number {
  return Number(process.env.SIGNSCOPE_MAX_UPLOAD_MB || 512) * 2 ** 20
}
