/** The corpus sent to a running server: every legal file is kept, nothing of any other. */
import { createHash } from 'node:crypto'
import type { Case } from './case'
import { corpus } from './corpus'

const atOnce = 8

/** What is wrong with the server's answers, file by file; nothing if all is as it must be. */
export async function uploadCorpus(server: string): Promise<string[]> {
  const wrong: string[] = []
  const waiting = [...corpus]
  const lane = async () => {
    for (let of = waiting.shift(); of; of = waiting.shift()) {
      const complaint = await upload(server, of).catch(
        (error: Error) => `was not answered: ${error.message}, ${error.cause}`,
      )
      if (complaint) wrong.push(`${of.file} ${complaint}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  return wrong
}

/** What is wrong with the answers to one file; '' if nothing is. */
async function upload(server: string, of: Case): Promise<string> {
  const body = of.bytes()
  const address = `${server}/api/v1/blobs/${createHash('sha256').update(body).digest('hex')}`
  const headers = { 'content-type': 'application/octet-stream' }
  const answer = await fetch(address, { method: 'PUT', body: new Blob([new Uint8Array(body)]), headers })
  const stored = await fetch(address, { headers: { range: 'bytes=0-0' } })
  await stored.arrayBuffer()
  const text = await answer.text()
  if (!('says' in of)) {
    if (answer.status !== 201) return `was refused with ${answer.status}: ${text}`
    return stored.status === 206 ? '' : `was answered with ${stored.status} afterwards`
  }
  if (answer.status < 400 || answer.status > 499) return `was answered with ${answer.status}`
  if (stored.status !== 404) return 'was stored all the same'
  const { error } = JSON.parse(text) as { error?: { message: string; hint: string } }
  if (!error || error.message.length > 300) return `was refused with ${text}`
  return `${error.message} ${error.hint}`.includes(of.says) ? '' : `was refused with "${error.message}"`
}
