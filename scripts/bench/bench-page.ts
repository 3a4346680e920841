/** A page of a benchmark in headless Chromium: a bundled script, the binaries of all contestants, and files, all from this machine. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { build } from 'esbuild'
import { ensureChromium } from '../chromium'

const root = path.resolve(import.meta.dirname, '../..')

/** Folders the page may fetch from. */
const folders: Record<string, string> = {
  tfjs: 'node_modules/@tensorflow/tfjs-backend-wasm/dist',
  ort: 'node_modules/onnxruntime-web/dist',
  engine: 'public/engine',
  demo: 'public/demo',
  configs: 'docs/configs',
}

const types: Record<string, string> = {
  '.wasm': 'application/wasm',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
}

/** Isolated pages have a clock of 5 microseconds in place of 100. */
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

export type BenchPage = {
  page: Page
  /** Paths the page has fetched. */
  fetched: ReadonlySet<string>
  chromium: string
}

/** Opens `script` (a file beside this one) in a page and hands it over; closes everything behind it. */
export async function withBenchPage<T>(script: string, work: (opened: BenchPage) => Promise<T>): Promise<T> {
  const bundle = await bundled(script)
  const fetched = new Set<string>()
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    fetched.add(pathname)
    const found = await contentOf(pathname, bundle)
    response.writeHead(found ? 200 : 404, { ...headers, 'Content-Type': found?.type ?? 'text/plain' })
    response.end(found?.content)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    page.on('pageerror', (error) => console.error(error.stack ?? error.message))
    await page.goto(`http://127.0.0.1:${port}/`)
    return await work({ page, fetched, chromium: browser.version() })
  } finally {
    await browser.close()
    server.close()
  }
}

async function contentOf(pathname: string, bundle: string) {
  if (pathname === '/')
    return { type: 'text/html', content: '<!doctype html><script type="module" src="/script.js"></script>' }
  if (pathname === '/script.js') return { type: 'text/javascript', content: bundle }
  const [, folder = '', ...rest] = pathname.split('/')
  if (!Object.hasOwn(folders, folder) || rest.includes('..')) return null
  const content = await readFile(path.join(root, folders[folder]!, ...rest)).catch(() => null)
  return content && { type: types[path.extname(pathname)] ?? 'application/octet-stream', content }
}

async function bundled(script: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(import.meta.dirname, script)],
    bundle: true,
    format: 'esm',
    minify: true,
    write: false,
    logLevel: 'error',
    external: [
      'fs',
      'path',
      'os',
      'worker_threads',
      'perf_hooks',
      'util',
      'string_decoder',
      'crypto',
      'module',
    ],
  })
  return outputFiles[0]!.text
}

/** Throws an Error unless tfjs runs its SIMD binary, the one without threads, and no other. */
export function assertSimdBinary(fetched: ReadonlySet<string>): void {
  const binaries = [...fetched].filter((name) => name.startsWith('/tfjs/') && name.endsWith('.wasm'))
  if (binaries.length === 1 && binaries[0] === '/tfjs/tfjs-backend-wasm-simd.wasm') return
  throw new Error(
    `tfjs fetched ${binaries.join(', ') || 'no binary'}: it must run its SIMD binary on one thread`,
  )
}
