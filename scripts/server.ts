/**
 * The server of the pages and the API: Next.js behind two checks. `start.ts` runs it as a process of its own.
 *
 *   node --import tsx scripts/server.ts HOST PORT [--dev]
 *
 * Next.js answers 500 to a path it cannot decode (`/r/%ff`), before any of our code runs. Such a request is at fault
 * itself and gets its 400 here. And only here the address of a sender is known, whatever its headers say: who tries one
 * share link or token after the other is told to wait.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import next from 'next'
import { RateLimiterMemory } from 'rate-limiter-flexible'

const [hostname, port, mode] = process.argv.slice(2)
const app = next({ dev: mode === '--dev', hostname, port: Number(port) })
await app.prepare()
const answer = app.getRequestHandler()

/** Wrong guesses by sender. A wrong guess of 192 bits costs nothing but the time of this machine. */
const guesses = new RateLimiterMemory({ points: 100, duration: 60 })

const server = createServer(async (request, response) => {
  if (!isDecodable(request.url ?? '/')) return refuse(response, 400, undecodable)
  if (!opensWithSecret(request)) return answer(request, response)
  const sender = request.socket.remoteAddress ?? ''
  const made = await guesses.get(sender)
  if (made && made.remainingPoints <= 0) {
    response.setHeader('retry-after', Math.ceil(made.msBeforeNext / 1000))
    return refuse(response, 429, tooMany)
  }
  response.once('finish', () => {
    if (response.statusCode === 401 || response.statusCode === 404) guesses.penalty(sender)
  })
  return answer(request, response)
})
// Five minutes, Node's own limit, are short for an upload of many gigabytes.
server.requestTimeout = 0
// Clients and proxies send several requests through a connection. Node's own 5 s are so short that one may be closed just as the next
// request is on its way, which then fails.
server.keepAliveTimeout = 65_000
server.listen(Number(port), hostname)

// What is being answered may come to its end, but none for long: a page can listen to a training for hours.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    server.close(() => process.exit(0))
    setTimeout(() => process.exit(0), 2000)
  })

const undecodable = {
  code: 'bad_address',
  message: 'The address has a percent sign that does not stand for UTF-8 text.',
  hint: 'Send names through encodeURIComponent.',
}

const tooMany = {
  code: 'too_many',
  message: 'Too many share links or tokens from this address that open nothing.',
  hint: 'Wait a minute.',
}

function refuse(response: ServerResponse, status: number, error: typeof undecodable): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ error }))
}

function isDecodable(address: string): boolean {
  try {
    decodeURIComponent(address.split('?', 1)[0]!)
    return true
  } catch {
    return false
  }
}

/** A share link or its picture, or an attempt to sign in. */
function opensWithSecret({ url = '' }: IncomingMessage): boolean {
  return ['/s/', '/api/v1/previews', '/api/v1/session'].some((start) => url.startsWith(start))
}
