/**
 * What every API route is made of: `route` decides whether a request is answered at all and turns errors into
 * JSON; `readJson` and `parse` are the only way in for a body.
 */
import * as z from 'zod/mini'
import { storeFault } from '../../../lib/store/fault'
import { freeBytes } from '../../../lib/store/space'
import { type InputCode, InputError } from '../../../lib/tensor/error'
import { refusalOf } from './_access'
import { type Access, accessOf } from './_guard'

// zod/mini brings no language: without this every fault reads "Invalid input".
z.config(z.locales.en())

type Handler<P> = (request: Request, params: P) => Promise<Response>

/** An answer other than success; `field` names the part of the request at fault. */
export class HttpError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly hint: string | undefined

  readonly headers: Record<string, string>

  constructor(fault: {
    status: number
    code: string
    message: string
    field?: string
    hint?: string
    headers?: Record<string, string>
  }) {
    super(fault.message)
    this.status = fault.status
    this.code = fault.code
    this.field = fault.field
    this.hint = fault.hint
    this.headers = fault.headers ?? {}
  }
}

const routes = new WeakSet<object>()

/**
 * Wraps a handler; every exported method of every route.ts is made by this. Reading methods ask for the right to read,
 * all others for the right to write, unless `access` says otherwise.
 */
export function route<P = Record<string, never>>(handler: Handler<P>, access?: Access) {
  const answer = async (request: Request, context: { params: Promise<P> }): Promise<Response> => {
    try {
      const refusal = await refusalOf(request.method, request.headers, access ?? accessOf(request.method))
      if (refusal) throw new HttpError(refusal)
      return await handler(request, await context.params)
    } catch (error) {
      return refuse(request, error)
    }
  }
  routes.add(answer)
  return answer
}

/** Whether a handler was made by `route`. */
export function isRoute(handler: object): boolean {
  return routes.has(handler)
}

/** A successful JSON answer, never cached: runs and layers change when checkpoints arrive. */
export function json(body: unknown, status = 200): Response {
  return Response.json(body, { status, headers: { 'cache-control': 'no-store' } })
}

export function notFound(what: string): HttpError {
  return new HttpError({ status: 404, code: 'not_found', message: `There is no ${what} here.` })
}

/** Bytes a JSON body may have; SIGNSCOPE_MAX_JSON_MB, default 32. */
export function jsonLimit(): number {
  return Number(process.env.SIGNSCOPE_MAX_JSON_MB || 32) * 2 ** 20
}

/** The JSON body of a request. Throws for another content type, too many bytes, bad JSON or absurd nesting. */
export async function readJson(request: Request, limit: number = jsonLimit()): Promise<unknown> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new HttpError({
      status: 415,
      code: 'not_json',
      message: 'The body must be JSON.',
      hint: 'Send the header "Content-Type: application/json".',
    })
  const text = await readText(request, limit)
  if (deepest(text) > 64)
    throw new HttpError({ status: 400, code: 'bad_json', message: 'The JSON is nested more than 64 deep.' })
  try {
    return withoutPrototypes(JSON.parse(text), text)
  } catch (error) {
    if (error instanceof HttpError) throw error
    const reason = (error as Error).message.slice(0, 120)
    throw new HttpError({ status: 400, code: 'bad_json', message: `The body is not JSON: ${reason}.` })
  }
}

/** Keys named __proto__ would become the prototype of whatever copies them. No text without one, plain or escaped, is walked. */
function withoutPrototypes(value: unknown, text: string): unknown {
  if (!text.includes('__proto__') && !/\\u00[0-9a-f]{2}/i.test(text)) return value
  const rest = [value]
  while (rest.length > 0) {
    const next: unknown = rest.pop()
    if (typeof next !== 'object' || next === null) continue
    if (Object.hasOwn(next, '__proto__'))
      throw new HttpError({
        status: 422,
        code: 'invalid',
        message: '__proto__: a field may not have this name.',
        field: '__proto__',
      })
    for (const inner of Object.values(next)) rest.push(inner)
  }
  return value
}

/** What a schema makes of a value. Throws a 422 that names the first field at fault. */
export function parse<T extends z.ZodMiniType>(schema: T, value: unknown): z.output<T> {
  const result = z.safeParse(schema, value)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') || 'body'
  throw new HttpError({
    status: 422,
    code: 'invalid',
    message: `${field.slice(0, 120)}: ${issue?.message || 'not of the expected form'}.`.slice(0, 300),
    field: field.slice(0, 120),
  })
}

/** Fails at once when the sender already tells that the body is too long. */
export function checkLength(request: Request, limit: number, setting: string): void {
  const length = Number(request.headers.get('content-length') ?? 0)
  if (length > limit) throw tooLarge(limit, setting)
}

export function tooLarge(limit: number, setting: string): HttpError {
  return new HttpError({
    status: 413,
    code: 'too_large',
    message: `The body has more than ${limit / 2 ** 20} MB.`,
    hint: `${setting} on the server raises the limit.`,
  })
}

/** Fails at once when the sender tells of more bytes than the disk has room for. */
export function checkRoom(request: Request): void {
  const length = Number(request.headers.get('content-length') ?? 0)
  const free = freeBytes()
  if (length > free)
    throw storeFull(`The store is full: needs ${megabytes(length)}, ${megabytes(free)} free.`)
}

function storeFull(message: string): HttpError {
  return new HttpError({
    status: 507,
    code: 'store_full',
    message,
    hint: 'What is stored can still be read. Make room or change SIGNSCOPE_DATA, then send it again.',
  })
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 ? 1 : 0)} MB`
}

/** The body as bytes. Throws for more than `limit`, announced or not. */
export async function readBytes(request: Request, limit: number, setting: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of chunksOf(request, limit, setting)) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

async function readText(request: Request, limit: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  for await (const chunk of chunksOf(request, limit, 'SIGNSCOPE_MAX_JSON_MB')) text += decode(decoder, chunk)
  return text + decode(decoder)
}

async function* chunksOf(request: Request, limit: number, setting: string): AsyncGenerator<Uint8Array> {
  checkLength(request, limit, setting)
  const reader = request.body?.getReader()
  let length = 0
  for (;;) {
    const chunk = await reader?.read()
    if (!chunk || chunk.done) break
    length += chunk.value.length
    if (length > limit) {
      await reader?.cancel()
      throw tooLarge(limit, setting)
    }
    yield chunk.value
  }
}

function decode(decoder: TextDecoder, bytes?: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: bytes !== undefined })
  } catch {
    throw new HttpError({ status: 400, code: 'bad_json', message: 'The body is not UTF-8 text.' })
  }
}

/** Depth of brackets outside strings; known before JSON.parse and whatever walks its result can overflow. */
function deepest(text: string): number {
  let depth = 0
  let max = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (inString) {
      if (c === '\\') i++
      else if (c === '"') inString = false
    } else if (c === '"') inString = true
    else if (c === '{' || c === '[') max = Math.max(max, ++depth)
    else if (c === '}' || c === ']') depth--
  }
  return max
}

function refuse(request: Request, error: unknown): Response {
  const fault = asHttpError(error)
  if (fault.status >= 500) console.error(`${request.method} ${new URL(request.url).pathname}:`, error)
  const { status, code, message, field, hint } = fault
  const headers = new Headers({ 'cache-control': 'no-store', ...fault.headers })
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  if (status === 503) headers.set('retry-after', '2')
  return Response.json({ error: { code, message, field, hint } }, { status, headers })
}

/** Answers to bad input other than 422. */
const inputStatus = new Map<InputCode, number>([
  ['not_a_checkpoint', 415],
  ['too_large', 413],
])

/** The reader is told what to do about input, a full disk and a busy database; of our own faults, only that. */
function asHttpError(error: unknown): HttpError {
  if (error instanceof HttpError) return error
  if (error instanceof InputError)
    return new HttpError({
      status: inputStatus.get(error.code) ?? 422,
      code: error.code,
      message: `${error.item || error.file}: ${error.problem}.`.slice(0, 300),
      field: error.item ? `${error.file} ${error.item}` : error.file,
      hint: error.remedy,
    })
  const fault = storeFault(error)
  if (fault === 'full') return storeFull(`The store is full: ${megabytes(freeBytes())} free.`)
  if (fault === 'unwritable') return storeFull('The store cannot be written.')
  const { code } = error as { code?: string }
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE')
    return new HttpError({ status: 400, code: 'aborted', message: 'The body broke off. Nothing was stored.' })
  if (fault === 'busy')
    return new HttpError({
      status: 503,
      code: 'busy',
      message: 'The database is busy.',
      hint: 'Nothing was stored. Send it again.',
    })
  return new HttpError({ status: 500, code: 'internal', message: 'The server failed; its log says why.' })
}
