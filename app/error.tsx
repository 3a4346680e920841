'use client'

import { LazyShell } from './_ui/lazy-shell'
import { ErrorState } from './_ui/states'

/** What a page shows when its server part failed. Details stay in the server's log under the digest. */
export default function PageError({
  error,
  reset,
}: {
  error: Error & { digest?: string }
  reset: () => void
}) {
  return (
    <LazyShell crumbs={[{ label: 'Error' }]}>
      <ErrorState
        fault={{
          file: 'This page',
          item: error.digest ? `log entry ${error.digest}` : '',
          problem: 'The page could not be made',
          remedy: 'Try again. If it stays, look for the log entry in the server’s output.',
        }}
        action={
          <button type="button" className="button" onClick={reset}>
            Try again
          </button>
        }
      />
    </LazyShell>
  )
}
