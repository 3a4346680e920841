/** The API's own handlers, called in this process as Next would. */
import { createHash } from 'node:crypto'
import * as blobs from '../../app/api/v1/blobs/[sha256]/route'
import * as checkpoints from '../../app/api/v1/checkpoints/route'
import type { CheckpointUpload } from '../../lib/record/run'

const url = 'http://localhost:3000/api/v1'
const host = { host: 'localhost:3000' }

/** Stores a file under its hash. */
export async function putWeights(bytes: Uint8Array, headers: Record<string, string> = {}) {
  const sha256 = hashOf(bytes)
  const request = new Request(`${url}/blobs/${sha256}`, {
    method: 'PUT',
    body: bytes as BodyInit,
    headers: { ...host, ...headers },
  })
  return { sha256, answer: await blobs.PUT(request, { params: Promise.resolve({ sha256 }) }) }
}

/** Whether the file of this hash is served, and is what its hash says. */
export async function isServed(sha256: string): Promise<boolean> {
  const request = new Request(`${url}/blobs/${sha256}`, { headers: host })
  const answer = await blobs.GET(request, { params: Promise.resolve({ sha256 }) })
  return answer.status === 200 && hashOf(new Uint8Array(await answer.arrayBuffer())) === sha256
}

/** Stores what was diagnosed. */
export function postCheckpoint(upload: CheckpointUpload): Promise<Response> {
  const request = new Request(`${url}/checkpoints`, {
    method: 'POST',
    body: JSON.stringify(upload),
    headers: { ...host, 'content-type': 'application/json' },
  })
  return checkpoints.POST(request, { params: Promise.resolve({}) })
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
