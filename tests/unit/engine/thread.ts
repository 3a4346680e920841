/** A thread of the engine in Node. */
import { workerData } from 'node:worker_threads'
import { serveThread, type ThreadSetup } from '../../../lib/engine/threads'

void serveThread(workerData as ThreadSetup)
