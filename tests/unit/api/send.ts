/** Calls handlers of API routes as Next would, from this machine. */
export type Options = {
  method?: string
  params?: Record<string, string>
  query?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  json?: unknown
}

export type Call = (request: Request, context: { params: Promise<never> }) => Promise<Response>

export function send<P>(
  handler: (request: Request, context: { params: Promise<P> }) => Promise<Response>,
  options: Options,
): Promise<Response> {
  const body = options.json === undefined ? options.body : JSON.stringify(options.json)
  const method = options.method ?? (body === undefined ? 'GET' : 'POST')
  const type: Record<string, string> =
    options.json === undefined ? {} : { 'content-type': 'application/json' }
  const request = new Request(`http://localhost:3000/api/v1${options.query ?? ''}`, {
    method,
    body: method === 'GET' || method === 'HEAD' ? undefined : (body as BodyInit | undefined),
    headers: { host: 'localhost:3000', ...type, ...options.headers },
  })
  return handler(request, { params: Promise.resolve((options.params ?? {}) as P) })
}

export function jsonText(body: string | Uint8Array): Options {
  return { body, headers: { 'content-type': 'application/json' } }
}

/** A safetensors file of one tensor "w" of four float32 values. */
export function tinySafetensors(): Uint8Array {
  const header = '{"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}}      '
  const bytes = new Uint8Array(8 + header.length + 16)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true)
  bytes.set(new TextEncoder().encode(header), 8)
  bytes.set(new Uint8Array(new Float32Array([1, -2, 3, -4]).buffer), 8 + header.length)
  return bytes
}
