/**
 * The server of the pages and the API: Next.js behind one check. `start.ts` runs it as a process of its own.
 *
 *   node --import tsx scripts/server.ts HOST PORT [--dev]
 *
 * Next.js answers 500 to a path it cannot decode (`/r/%ff`), before any of our code runs. Such a request is at fault
 * itself and gets its 400 here.
 */
import { createServer } from 'node:http'
import next from 'next'

const [hostname, port, mode] = process.argv.slice(2)
const app = next({ dev: mode === '--dev', hostname, port: Number(port) })
await app.prepare()
const answer = app.getRequestHandler()

const server = createServer((request, response) => {
  if (isDecodable(request.url ?? '/')) return answer(request, response)
  response.writeHead(400, { 'content-type': 'application/json', 'cache-control': 'no-store' })
  response.end(JSON.stringify({ error: undecodable }))
})
// Five minutes, Node's own limit, are short for an upload of many gigabytes.
server.requestTimeout = 0
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

function isDecodable(address: string): boolean {
  try {
    decodeURIComponent(address.split('?', 1)[0]!)
    return true
  } catch {
    return false
  }
}
