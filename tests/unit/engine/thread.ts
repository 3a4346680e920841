/** A thread of the engine in Node. */
import { parentPort, workerData } from 'node:worker_threads'
import { startThread, type ThreadSetup } from '../../../lib/engine/threads'

void startThread(workerData as ThreadSetup).then((serve) => {
  parentPort!.postMessage('ready')
  serve()
})
