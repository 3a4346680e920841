'use client'

import { createContext, type ReactNode, useContext } from 'react'

const Subject = createContext('')

/** Names what the charts inside are of, for the files that are made of them: "mnist-lmb step 1000". */
export function ChartSubject({ name, children }: { name: string; children: ReactNode }) {
  return <Subject value={name}>{children}</Subject>
}

export const useChartSubject = (): string => useContext(Subject)

/** A checkpoint as a chart's subject. */
export const checkpointSubject = (run: string, step: number): string => `${run} step ${step}`

/** Longest name of a file without its ending. */
const longest = 120

/** A name that every file system takes, of subject and chart: "mnist-lmb-step-1000-unet". */
export function chartFileName(subject: string, chart: string): string {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9._@+-]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '')
  const end = plain(chart) || 'chart'
  const start = plain(subject).slice(0, Math.max(0, longest - end.length - 1))
  return start ? `${start}-${end}` : end
}
