import { existsSync } from 'node:fs'
import { databaseFile, dataFolder } from '../store/folder'
import { isSound, type StoreReport, verifyStore } from '../store/verify'
import { InputError } from '../tensor/error'
import { type Command, printResult, progressBar } from './command'

export const verify: Command = {
  summary: 'whether everything stored is whole: the database, and every file against its hash',
  help: `usage: verify [FOLDER] [--json]

Checks the store ($SIGNSCOPE_DATA, else ./data), or the store or backup in FOLDER: SQLite's integrity check, its
references, and the sha256 of every stored file. Changes nothing; a server may be running. Exit code 1 if something is
missing or damaged.

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  async run(positionals, flags) {
    const folder = positionals[0] ?? dataFolder()
    if (!existsSync(databaseFile(folder)))
      throw new InputError({ file: folder, problem: 'it holds no store', remedy: 'Give a data folder.' })
    const progress = progressBar('verify')
    const report = await verifyStore(folder, progress)
    progress(1)
    const sound = isSound(report)
    printResult(flags, { folder, sound, ...report }, inWords(report))
    return sound ? 0 : 1
  },
}

function inWords(report: StoreReport): string {
  const { runs, checkpoints, blobs, bytes, database, missing, damaged, unknown } = report
  const lines = [
    `${runs} runs, ${checkpoints} checkpoints, ${blobs} files of ${(bytes / 2 ** 20).toFixed(1)} MB in all`,
    ...database.map((fault) => `database: ${fault}`),
    ...missing.map((sha256) => `${sha256}: the file is missing`),
    ...damaged.map((sha256) => `${sha256}: the file is not what was stored`),
  ]
  if (unknown > 0) lines.push(`${unknown} files of interrupted uploads, which the next start removes`)
  return [...lines, isSound(report) ? 'everything is whole' : 'not everything is whole'].join('\n')
}
