/**
 * Content security policy. Scripts come from this server or carry the nonce of their answer, which Next puts on the
 * inline scripts it writes into a page; WebAssembly may be compiled (the engine that runs the networks). Styles may be
 * inline because charts are drawn with style attributes. Nothing is loaded from, or sent to, any other host.
 */
export function contentPolicy(given: { nonce?: string; development: boolean }): string {
  const nonce = given.nonce ? ` 'nonce-${given.nonce}'` : ''
  // The development server compiles in the page and pushes changes through a socket.
  const evaluate = given.development ? " 'unsafe-eval'" : ''
  const socket = given.development ? ' ws:' : ''
  return [
    "default-src 'self'",
    `script-src 'self'${nonce} 'wasm-unsafe-eval'${evaluate}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    `connect-src 'self'${socket}`,
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
