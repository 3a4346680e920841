/** A thread of the one-bit engine; the sampler's worker starts and ends it. */
import { startThread, type ThreadSetup } from '../../lib/engine/threads'

self.onmessage = async ({ data }: MessageEvent<ThreadSetup>) => {
  const serve = await startThread(data)
  self.postMessage('ready')
  serve()
}
