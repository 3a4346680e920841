/**
 * Prisma's schema engine as WebAssembly, loaded by hand: the package's own entry uses an ESM import of a
 * .wasm file, which Node 20 does not have, and the native engine would have to be downloaded.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { SqlDriverAdapter, SqlMigrationAwareDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

type Glue = typeof import('@prisma/schema-engine-wasm') & {
  __wbg_set_wasm(exports: WebAssembly.Exports): void
}

/** One per process: the glue code keeps a single instance in a module variable. */
let loaded: Promise<Glue> | undefined

/** Runs `use` with an engine bound to a database. Engine errors carry the driver's own error as their cause. */
export async function withSchemaEngine<T>(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  use: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= loadEngine()
  const glue = await loaded
  const opened: SqlDriverAdapter[] = []
  const bound = bindMigrationAwareSqlAdapterFactory(remembering(adapter, opened))
  const engine = await glue.SchemaEngine.new({ datamodels: undefined }, () => {}, bound)
  try {
    return await use(engine)
  } catch (error) {
    const id = driverErrorId(error)
    throw id === null
      ? error
      : new Error(String(error), { cause: bound.errorRegistry.consumeError(id)?.error })
  } finally {
    engine.free()
    for (const connection of opened) await connection.dispose()
  }
}

/** The engine takes an exclusive lock on the database and never closes its connection: that is left to us. */
function remembering(
  adapter: SqlMigrationAwareDriverAdapterFactory,
  opened: SqlDriverAdapter[],
): SqlMigrationAwareDriverAdapterFactory {
  const remember = async (connecting: Promise<SqlDriverAdapter>) => {
    const connection = await connecting
    opened.push(connection)
    return connection
  }
  return {
    provider: adapter.provider,
    adapterName: adapter.adapterName,
    connect: () => remember(adapter.connect()),
    connectToShadowDb: () => remember(adapter.connectToShadowDb()),
  }
}

async function loadEngine(): Promise<Glue> {
  // The name in a variable keeps bundlers and the type checker off the file, which has no usable types.
  const entry = '@prisma/schema-engine-wasm/schema_engine_bg'
  const glue = (await import(entry)) as Glue
  const folder = path.dirname(createRequire(import.meta.url).resolve(entry))
  const bytes = await readFile(path.join(folder, 'schema_engine_bg.wasm'))
  const { instance } = await WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': glue as unknown as WebAssembly.ModuleImports,
  })
  glue.__wbg_set_wasm(instance.exports)
  ;(instance.exports.__wbindgen_start as () => void)()
  return glue
}

/** The engine reports a driver fault as "... external error ... #ID"; the fault itself waits in the registry. */
function driverErrorId(error: unknown): number | null {
  const found = /external(?:_id)?[^0-9]*(\d+)/i.exec(String((error as Error)?.message ?? error))
  return found ? Number(found[1]) : null
}
