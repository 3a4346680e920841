/** Every file of the corpus through the readers in Node and through `inspect`. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkTensors } from '../../../lib/tensor/check'
import { type ByteSource, bytesSource } from '../../../lib/tensor/tensor'
import type { Case } from '../../corpus/case'
import { corpus } from '../../corpus/corpus'
import { fuzz, undamaged } from '../../corpus/fuzz'
import { complaint, judge } from '../../corpus/verdict'
import { run, temporaryFolder } from '../cli/command-line'

/** Counts what a reader asks for. */
function counted(source: ByteSource): ByteSource & { asked(): number } {
  let bytes = 0
  return {
    ...source,
    asked: () => bytes,
    read(start, end) {
      bytes += end - start
      return source.read(start, end)
    },
  }
}

describe('the corpus', () => {
  test('holds more than 150 hostile and more than 50 legal files, each under a name of its own', () => {
    const hostile = corpus.filter((of) => 'says' in of).length
    expect(hostile).toBeGreaterThan(150)
    expect(corpus.length - hostile).toBeGreaterThan(50)
    expect(new Set(corpus.map(({ file }) => file)).size).toBe(corpus.length)
  })

  test('is judged right, and alike, by the readers, by what decides over an upload and by inspect', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'file')
    const wrong: string[] = []
    for (const of of corpus) {
      const bytes = of.bytes()
      writeFileSync(path, bytes)
      const found = {
        read: await byReaders(of, bytes),
        upload: await byUpload(of, bytes),
        inspect: await byInspect(of, path),
      }
      for (const [by, complaint] of Object.entries(found))
        if (complaint) wrong.push(`${of.file}, ${by}: ${complaint}`)
    }
    expect(wrong).toEqual([])
  }, 300_000)

  test('with bits flipped and ends cut off is refused in words, or read whole', async () => {
    expect(undamaged).toHaveLength(20)
    const verdicts = new Set<string>()
    for (let seed = 0; seed < 600; seed++) {
      const { file, verdict, wrong } = await fuzz(seed)
      verdicts.add(verdict)
      expect(wrong, `${file}, damage ${seed}`).toBe('')
    }
    expect([...verdicts].sort()).toEqual(['read', 'refused'])
  })
})

async function byReaders(of: Case, bytes: Uint8Array): Promise<string> {
  const source = counted(bytesSource('file', bytes))
  const verdict = complaint(of, await judge(source))
  // Opening, checking and reading is all there is to do: nothing of a file is read more than a few times.
  return verdict || source.asked() <= 4 * source.size + 70_000 ? verdict : `had ${source.asked()} bytes read`
}

async function byUpload(of: Case, bytes: Uint8Array): Promise<string> {
  const verdict = await checkTensors(bytesSource('file', bytes)).then(
    () => '',
    (error: Error) => error.message,
  )
  if (!('says' in of)) return verdict
  return verdict.includes(of.says) ? '' : `said "${verdict}"`
}

async function byInspect(of: Case, path: string): Promise<string> {
  const { code, stdout } = await run('inspect', '--json', path)
  const report = JSON.parse(stdout) as { ok: boolean; error?: { message: string } }
  if (code !== (report.ok ? 0 : 1)) return `ended with exit code ${code}`
  if (!('says' in of)) return report.error?.message ?? ''
  return report.error?.message.includes(of.says) ? '' : `said "${report.error?.message}"`
}
