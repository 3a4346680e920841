import path from 'node:path'

/** Where everything that is stored lives: the database and, beside it, the blobs. Env SIGNSCOPE_DATA, else ./data. */
export function dataFolder(): string {
  return path.resolve(/* turbopackIgnore: true */ process.cwd(), process.env.SIGNSCOPE_DATA || 'data')
}

export function databaseFile(folder: string = dataFolder()): string {
  return path.join(folder, 'signscope.db')
}
