import { backupStore } from '../store/backup'
import { type Command, onlyPositional, printResult, progressBar } from './command'
import { withStore } from './with-store'

export const backup: Command = {
  summary: 'copy the store, every file checked, while it may be in use',
  help: `usage: backup FOLDER [--json]

Copies the store ($SIGNSCOPE_DATA, else ./data) into FOLDER, which must not hold a store: the database as it is at one
moment, and every file it names, checked against its sha256. The server may go on serving and importing. FOLDER is then
a data folder of its own: restore makes a store of it again, verify checks it, SIGNSCOPE_DATA=FOLDER serves it.

  --json           one JSON document on stdout`,
  options: { json: { type: 'boolean' } },
  async run(positionals, flags) {
    const folder = onlyPositional(positionals, 'FOLDER')
    const progress = progressBar('backup')
    const { blobs, bytes } = await withStore(() => backupStore(folder, progress))
    progress(1)
    const words = `the database and ${blobs} files of ${(bytes / 2 ** 20).toFixed(1)} MB in all, in ${folder}`
    printResult(flags, { folder, blobs, bytes }, words)
    return 0
  },
}
