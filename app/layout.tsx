import type { Metadata, Viewport } from 'next'
import { headers } from 'next/headers'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import './globals.css'
import './_charts/charts.css'

export const metadata: Metadata = {
  title: { default: 'Signscope', template: '%s · Signscope' },
  description: 'What one bit did to your diffusion model, layer by layer and timestep by timestep.',
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1 }

/** Runs before the first paint, so that a chosen theme never flashes the other one. */
const applyTheme = `try{var t=localStorage.getItem('signscope.theme');if(t==='light'||t==='dark')document.documentElement.dataset.theme=t}catch(e){}`

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Made by proxy.ts for each answer; reading it also keeps every page from being built ahead without one.
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en" suppressHydrationWarning>
      <head>
        <script nonce={nonce} dangerouslySetInnerHTML={{ __html: applyTheme }} />
      </head>
      <body>
        <NuqsAdapter>{children}</NuqsAdapter>
      </body>
    </html>
  )
}
