import { resolve } from 'node:path'
import { closeDb } from '../store/db'
import { storeFault } from '../store/fault'
import { dataFolder } from '../store/folder'
import { migrate } from '../store/migrate'
import { InputError } from '../tensor/error'

const faults = {
  full: { problem: 'the store is full', remedy: 'Make room, then run the command again.' },
  unwritable: { problem: 'the store cannot be written', remedy: 'Check its disk and its permissions.' },
  busy: { problem: 'another process is writing to the store', remedy: 'Run the command again.' },
}

/**
 * Runs what needs the store, brought up to date, and closes it. A store that is full, cannot be written or is busy is
 * told as an InputError. `work` should write nothing elsewhere: of some faults of files nobody can tell where they were.
 */
export async function withStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    await migrate()
    return await work()
  } catch (error) {
    const { path } = error as { path?: unknown }
    const elsewhere = typeof path === 'string' && !resolve(path).startsWith(dataFolder())
    const fault = elsewhere ? null : storeFault(error)
    throw fault ? new InputError({ file: dataFolder(), ...faults[fault] }) : error
  } finally {
    await closeDb()
  }
}
