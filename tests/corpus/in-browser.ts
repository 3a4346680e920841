/** The corpus in Chromium: what the readers of dropped files say there against what the same readers say in Node. */
import type { Page } from '@playwright/test'
import { build } from 'esbuild'
import { crc32 } from '../../lib/tensor/crc32'
import { bytesSource } from '../../lib/tensor/tensor'
import type { Judged } from './browser-bundle'
import { corpus } from './corpus'
import { complaint, judge } from './verdict'

/** Verdicts of the page's JavaScript engine. The page's content policy must be bypassed: a script is put into it. */
export async function judgedInBrowser(page: Page): Promise<Judged[]> {
  const { outputFiles } = await build({
    entryPoints: ['tests/corpus/browser-bundle.ts'],
    bundle: true,
    format: 'iife',
    write: false,
    logLevel: 'error',
  })
  await page.addScriptTag({ content: outputFiles[0]!.text })
  return page.evaluate(() => window.judgeCorpus())
}

/** Verdicts of this process. */
export async function judgedHere(): Promise<Judged[]> {
  const judged: Judged[] = []
  for (const of of corpus) {
    const bytes = of.bytes()
    const verdict = await judge(bytesSource('file', bytes))
    const message = verdict.kind === 'read' ? '' : verdict.message
    judged.push({ file: of.file, wrong: complaint(of, verdict), message, crc: crc32(bytes) })
  }
  return judged
}
