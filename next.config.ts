import type { NextConfig } from 'next'
import { contentPolicy } from './app/content-policy'

/** On every answer. Isolation (the two Cross-Origin headers) is what SharedArrayBuffer and precise timers need. */
const everywhere = [
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Permissions-Policy', value: 'camera=(), microphone=(), geolocation=()' },
]

export default {
  serverExternalPackages: ['better-sqlite3', '@prisma/adapter-better-sqlite3', '@prisma/client'],
  images: { unoptimized: true },
  poweredByHeader: false,
  turbopack: { root: import.meta.dirname },
  // `npm test` checks the types; `npm start` on a user's machine need not do it again.
  typescript: { ignoreBuildErrors: true },
  headers: async () => [
    { source: '/:path*', headers: everywhere },
    { source: '/((?!s/).*)', headers: [{ key: 'Referrer-Policy', value: 'same-origin' }] },
    // A share link is a capability: it must not leak through referrers, search engines or caches.
    {
      source: '/s/:path*',
      headers: [
        { key: 'Referrer-Policy', value: 'no-referrer' },
        { key: 'X-Robots-Tag', value: 'noindex' },
        { key: 'Cache-Control', value: 'private, no-store' },
      ],
    },
    // To be saved and imported by a training, not shown.
    {
      source: '/signscope.py',
      headers: [
        { key: 'Content-Type', value: 'text/x-python; charset=utf-8' },
        { key: 'Content-Disposition', value: 'attachment; filename="signscope.py"' },
      ],
    },
    // Pages get theirs, with a nonce, from proxy.ts; a worker obeys the policy its script came with.
    {
      source: '/:folder(_next|tfjs)/:path*',
      headers: [{ key: 'Content-Security-Policy', value: contentPolicy({ development: false }) }],
    },
    // Stored files come from outside: nothing in an API answer may run, not even when opened by itself.
    {
      source: '/api/:path*',
      headers: [
        { key: 'Content-Security-Policy', value: "default-src 'none'; frame-ancestors 'none'; sandbox" },
      ],
    },
  ],
} satisfies NextConfig
