import { restoreStore } from '../store/backup'
import { dataFolder } from '../store/folder'
import { type Command, onlyPositional, printResult, progressBar } from './command'

export const restore: Command = {
  summary: 'make a store from a backup, every file checked',
  help: `usage: restore FOLDER [--json]

Makes the store ($SIGNSCOPE_DATA, else ./data) from the backup in FOLDER and brings its database up to date. Refuses when
there is a store already, and when anything in the backup is missing or damaged; then nothing is restored.

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  async run(positionals, flags) {
    const folder = onlyPositional(positionals, 'FOLDER')
    const progress = progressBar('restore')
    const { blobs, bytes } = await restoreStore(folder, progress)
    progress(1)
    const words = `${blobs} files of ${(bytes / 2 ** 20).toFixed(1)} MB in all, in ${dataFolder()}`
    printResult(flags, { folder: dataFolder(), blobs, bytes }, words)
    return 0
  },
}
