'use client'

import { type FormEvent, useState } from 'react'
import { Card } from '../_ui/card'
import { PageShell } from '../_ui/page-shell'
import './sign-in.css'

/** Exchanges a token for the cookie that lets this browser read, and leads on. */
export function SignInForm({ to }: { to: string }) {
  const [problem, setProblem] = useState<string | null>(null)

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault()
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim()
    const answer = await fetch('/api/v1/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    }).catch(() => null)
    if (answer?.ok) window.location.assign(to)
    else setProblem(answer ? await refusalIn(answer) : 'The server did not answer.')
  }

  return (
    <PageShell crumbs={[{ label: 'Sign in' }]}>
      <h1>Sign in</h1>
      <Card>
        <p className="caption">
          This server wants a token. Whoever runs it makes one with:{' '}
          <code>npm run --silent cli -- token create NAME</code>
        </p>
        <form onSubmit={signIn} className="sign-in">
          <label htmlFor="token">Token</label>
          <input
            id="token"
            className="field"
            name="token"
            type="password"
            autoComplete="current-password"
            required
          />
          <button type="submit" className="button">
            Sign in
          </button>
          {problem && (
            <p role="alert" className="worse">
              {problem}
            </p>
          )}
        </form>
      </Card>
    </PageShell>
  )
}

/** A refusal in words; who guessed too often is told to wait. */
async function refusalIn(answer: Response): Promise<string> {
  if (answer.status === 401) return 'This token is not valid.'
  const body: { error?: { message?: string; hint?: string } } | null = await answer.json().catch(() => null)
  const { message, hint = '' } = body?.error ?? {}
  return message === undefined ? `The server answered ${answer.status}.` : `${message} ${hint}`
}
