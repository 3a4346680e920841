import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { request } from 'node:http'
import path from 'node:path'
import { makeServer, type Server } from '../unit/api/server'
import type { SafetyRow } from './row'

const shares = [0.1, 0.5, 0.99]
const fileMb = 64
const chunkMb = 8

export const row: SafetyRow = {
  test: `an upload of ${fileMb} MB cut at ${shares.map((share) => `${100 * share} %`).join(', ')}, the server killed and started, the rest sent`,
  gate: `at most ${chunkMb} MB sent twice, the file whole by its hash, nothing of the upload left`,
  async measure(say) {
    const server = await makeServer()
    try {
      await server.start()
      let mostAgain = 0
      let broken = 0
      for (const share of shares) {
        const { again, whole } = await cutAndResume(server, share)
        say(`cut at ${100 * share} %: ${again} bytes sent twice, ${whole ? 'whole' : 'NOT whole'}`)
        mostAgain = Math.max(mostAgain, again)
        if (!whole) broken++
      }
      const folder = path.join(server.data, 'uploads')
      const left = existsSync(folder) ? readdirSync(folder).length : 0
      return {
        holds: mostAgain <= chunkMb * 2 ** 20 && broken === 0 && left === 0,
        found: `${shares.length - broken} of ${shares.length} whole, at most ${(mostAgain / 2 ** 20).toFixed(1)} MB sent twice, ${left} files left`,
        figures: { cuts: shares.length, broken, mostSentTwice: mostAgain, left },
      }
    } finally {
      await server.remove()
    }
  },
}

async function cutAndResume(server: Server, share: number): Promise<{ again: number; whole: boolean }> {
  const file = safetensors(fileMb * 2 ** 20)
  const sha256 = createHash('sha256').update(file).digest('hex')
  const start = {
    run: `cut-${100 * share}`,
    step: 0,
    fileName: 'cut.safetensors',
    bytes: file.length,
    sha256,
  }
  const begun = await fetch(`${server.url}/api/v1/uploads`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(start),
  })
  const { id } = (await begun.json()) as { id: string }
  const address = `${server.url}/api/v1/uploads/${id}`
  const cut = Math.floor(file.length * share)
  await sendPart(address, file.subarray(0, cut), file.length)
  await server.kill()
  await server.start()
  const offset = Number((await fetch(address, { method: 'HEAD' })).headers.get('upload-offset'))
  await fetch(address, {
    method: 'PUT',
    headers: { 'upload-offset': String(offset) },
    body: new Blob([new Uint8Array(file.subarray(offset))]),
  })
  await settled(address)
  // The diagnosis may refuse a file of noise; its bytes were judged by their hash before that.
  const { state, offset: received } = (await (await fetch(address)).json()) as {
    state: string
    offset: number
  }
  return { again: cut - offset, whole: received === file.length && state !== 'receiving' }
}

/** Sends the first bytes of a body that is announced longer, waits until they are on their way, and breaks off. */
function sendPart(address: string, part: Uint8Array, length: number): Promise<void> {
  return new Promise((resolve) => {
    const sending = request(address, {
      method: 'PUT',
      headers: { 'content-length': length, 'upload-offset': 0 },
    })
    sending.on('error', () => resolve())
    sending.write(part, () => {
      setTimeout(() => {
        sending.destroy()
        resolve()
      }, 500)
    })
  })
}

/** Waits until the diagnosis of an upload has ended. */
async function settled(address: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const { state } = (await (await fetch(address)).json()) as { state: string }
    if (state === 'stored' || state === 'refused') return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** One tensor of noise: about `bytes` bytes. */
function safetensors(bytes: number): Uint8Array {
  const values = Math.floor(bytes / 4)
  const header = JSON.stringify({
    'net.0.weight': { dtype: 'U8', shape: [4 * values], data_offsets: [0, 4 * values] },
  })
  const head = Buffer.alloc(8)
  head.writeBigUInt64LE(BigInt(header.length))
  return Buffer.concat([head, Buffer.from(header), randomBytes(4 * values)])
}
