import type { Metadata, Viewport } from 'next'
import { cookies, headers } from 'next/headers'
import { NuqsAdapter } from 'nuqs/adapters/next/app'
import type { ReactNode } from 'react'
import { keepEarlyEvents } from './_ui/keep-early-events'
import { themeCookie, themeFrom } from './_ui/theme-cookie'
import './globals.css'
import './_charts/charts.css'

export const metadata: Metadata = {
  title: { default: 'Signscope', template: '%s · Signscope' },
  description: 'What one bit did to your diffusion model, layer by layer and timestep by timestep.',
}

export const viewport: Viewport = { width: 'device-width', initialScale: 1 }

export default async function RootLayout({ children }: { children: ReactNode }) {
  const theme = themeFrom((await cookies()).get(themeCookie)?.value)
  const nonce = (await headers()).get('x-nonce') ?? undefined
  return (
    <html lang="en" data-theme={theme}>
      <body>
        <script
          nonce={nonce}
          dangerouslySetInnerHTML={{ __html: keepEarlyEvents }}
          suppressHydrationWarning
        />
        <NuqsAdapter>{children}</NuqsAdapter>
      </body>
    </html>
  )
}
