/** Requests of `bench browse`, timed one after the other and many at a time. */
import { Agent, request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { quantiles } from '../../lib/math/quantiles'

export type Answer = { ms: number; status: number; rawBytes: number; bytes: number }

export type Times = {
  requests: number
  p50: number
  p95: number
  max: number
  errors: number
  /** How often each status was the answer; 0 for a broken connection. */
  statuses: Record<number, number>
}

/** Bytes of the largest answer, as sent and unpacked. */
export type PageTimes = Times & { bytes: number; rawBytes: number }

/** A connection for each request: a kept one may be closed by the server at the moment it is used again. */
const agent = new Agent({ keepAlive: false })

/** Milliseconds until the last byte of an answer, gzipped if the server does that; the answer of a broken connection has status 0. */
export function ask(url: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? null : JSON.stringify(body)
  const started = performance.now()
  return new Promise((resolve) => {
    const failed = () => resolve({ ms: performance.now() - started, status: 0, rawBytes: 0, bytes: 0 })
    const asked = request(url, {
      agent,
      method: sent === null ? 'GET' : 'POST',
      headers: {
        'accept-encoding': 'gzip',
        ...(sent !== null && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(sent),
        }),
      },
    })
    asked.on('error', failed)
    asked.on('response', (response) => {
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => pieces.push(piece))
      response.on('error', failed)
      response.on('end', () => {
        const ms = performance.now() - started
        const whole = Buffer.concat(pieces)
        const raw = response.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole
        resolve({ ms, status: response.statusCode ?? 0, rawBytes: raw.length, bytes: whole.length })
      })
    })
    asked.end(sent ?? undefined)
  })
}

const isError = ({ status }: Answer): boolean => status < 200 || status >= 300

export function timesOf(answers: readonly Answer[]): Times {
  const [p50, p95, max] = quantiles(Float32Array.from(answers.map(({ ms }) => ms)), [0.5, 0.95, 1])!.map(
    Math.round,
  )
  const statuses: Record<number, number> = {}
  for (const { status } of answers) statuses[status] = (statuses[status] ?? 0) + 1
  const errors = answers.filter(isError).length
  return { requests: answers.length, p50: p50!, p95: p95!, max: max!, errors, statuses }
}

/** Asks for one address after the other; the first ten warm up. */
export async function oneByOne(urls: readonly string[]): Promise<PageTimes> {
  for (const url of urls.slice(0, 10)) await ask(url)
  const answers: Answer[] = []
  for (const url of urls) answers.push(await ask(url))
  return {
    ...timesOf(answers),
    bytes: Math.max(...answers.map(({ bytes }) => bytes)),
    rawBytes: Math.max(...answers.map(({ rawBytes }) => rawBytes)),
  }
}

/** Does something again and again until a time, with pauses between half and one and a half of `pauseMs`. */
export async function untilThen(
  end: number,
  pauseMs: number,
  work: (turn: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  const pause = () => setTimeout(Math.min(pauseMs * (0.5 + Math.random()), Math.max(0, end - Date.now())))
  // Nobody begins at the same moment as the others.
  await setTimeout(Math.random() * pauseMs)
  for (let turn = 0; Date.now() < end; turn++) {
    answers.push(await work(turn))
    await pause()
  }
  return answers
}
