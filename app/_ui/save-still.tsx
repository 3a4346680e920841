'use client'

import { useState } from 'react'
import { chartFileName } from '../_charts/chart-subject'
import { download } from './download'

type State = 'making' | { problem: string } | null

/** Saves a frozen view as one file. */
export function SaveStill({ subject, createdAt }: { subject: string; createdAt: string }) {
  const [state, setState] = useState<State>(null)
  async function save() {
    setState('making')
    try {
      const { stillOf } = await import('./still')
      const heading = document.querySelector('#content h1, #content h2')?.textContent ?? 'frozen view'
      const now = new Date().toISOString()
      const still = await stillOf(document, {
        title: `${heading} · Signscope`,
        notice: `A still of a view shared ${day(createdAt)}, made ${now.slice(0, 16).replace('T', ' ')} UTC. Nothing in it moves or is fetched; the checkpoints it shows are named at its end by their sha256.`,
      })
      download(`${chartFileName(subject, `view-${day(createdAt)}`)}.html`, still, 'text/html')
      setState(null)
    } catch (error) {
      setState({ problem: (error as Error).message })
    }
  }
  return (
    <>
      <button type="button" className="button" disabled={state === 'making'} onClick={() => void save()}>
        Save as file
      </button>
      {state !== null && typeof state === 'object' && (
        <span className="worse small" role="alert">
          ◆ The file could not be made: {state.problem}.
        </span>
      )}
    </>
  )
}

const day = (iso: string): string => iso.slice(0, 10)
