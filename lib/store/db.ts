/**
 * The database. One process holds two connections: reads share one, writes queue for the other, so that a
 * reader never sees half an import and two imports never land in one transaction (better-sqlite3 has a
 * single transaction per connection).
 */
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { PrismaBetterSqlite3 } from '@prisma/adapter-better-sqlite3'
import type { Prisma } from '../generated/prisma/client'
import { PrismaClient } from '../generated/prisma/client'
import { InputError } from '../tensor/error'
import { storeFault } from './fault'
import { databaseFile } from './folder'
import { inTurn } from './turn'

type Connections = {
  file: string
  reader: Connection
  /** Opened by the first write, and again after it could not be opened. */
  writer: Promise<Connection> | null
  queue: Promise<unknown>
  /** Writes since this process last copied the log. */
  sinceCopy: number
}

type Connection = { client: PrismaClient; driver: Promise<Driver> }

/** The connection below Prisma, for what Prisma takes longer to pass on than SQLite to do. */
export type Driver = Awaited<ReturnType<PrismaBetterSqlite3['connect']>>

/** How long a write waits for other processes that write. */
const patienceMs = 15_000

/**
 * So many writes of this process, and it copies SQLite's write-ahead log into the database. SQLite itself would do so at the end of
 * a commit, while all other processes wait for their turn.
 */
const writesPerCopy = 16

/** Kept on globalThis: next dev loads this module again after each edit. */
const held = globalThis as typeof globalThis & { signscopeDb?: Connections }

/**
 * What a write does before its turn, while others write: it may fill temporary tables, which only its own connection has and its
 * transaction reads.
 */
export type Stage = (driver: Driver) => Promise<void>

/** For reads. */
export function db(): PrismaClient {
  return connections().reader.client
}

/** For reads of many rows. */
export function readingDriver(): Promise<Driver> {
  return connections().reader.driver
}

/** In a transaction: `now` is the time to store with what it does (`nextMoment`), and `driver` is in the same transaction as `tx`. */
export type Work<T> = (tx: Prisma.TransactionClient, now: Date, driver: Driver) => Promise<T>

/**
 * Runs `work` in a transaction, after the writes this process began earlier: all it does is stored, or nothing. Waits up to
 * 15 s for other processes that write.
 */
export function write<T>(work: Work<T>, stage?: Stage): Promise<T> {
  const open = connections()
  const done = open.queue.then(async () => {
    const { driver } = await writer(open) // opening takes long, and nobody should wait for that
    await stage?.(await driver)
    return inTurn(path.dirname(open.file), () => transaction(open, work))
  })
  open.queue = done.then(() => copyLog(open)).catch(() => {})
  return done
}

/** What readers still need stays in the log, and where another process copies nothing is done: the next copy takes it along. */
async function copyLog(open: Connections): Promise<void> {
  open.sinceCopy++
  if (open.sinceCopy < writesPerCopy) return
  open.sinceCopy = 0
  await (await writer(open)).client.$queryRawUnsafe('PRAGMA wal_checkpoint(PASSIVE)')
}

/**
 * Others may write all the same (`inTurn`). The driver would stop this whole process while it waits for the write lock; so
 * it waits for a moment only, and the waiting is done here.
 */
async function transaction<T>(open: Connections, work: Work<T>): Promise<T> {
  const since = performance.now()
  for (;;) {
    const { client, driver: connected } = await writer(open)
    const driver = await connected
    let locked = false
    try {
      return await client.$transaction(
        async (tx) => {
          // A write that changes nothing. It makes SQLite take the write lock: a transaction that reads first fails when
          // another process writes in between.
          await driver.executeRaw(statement(`DELETE FROM Blob WHERE sha256 = ''`))
          locked = true
          return work(tx, await nextMoment(driver), driver)
        },
        { maxWait: 10_000, timeout: 60_000 },
      )
    } catch (error) {
      if (error instanceof InputError) throw error
      if (locked || storeFault(error) !== 'busy' || performance.now() - since > patienceMs) {
        // After a failed BEGIN or COMMIT the driver's adapter never begins another transaction on this connection.
        open.writer = null
        await client.$disconnect()
        throw error
      }
    }
    await setTimeout(1 + Math.random() * 20)
  }
}

/**
 * The time, or a millisecond after the latest time stored if the clock was set back since: what is stored later is
 * later, so that lists keep their order, and a shared view holds what its sender saw.
 */
async function nextMoment(driver: Driver): Promise<Date> {
  const [latest] = await rowsOf<Record<string, string | null>>(
    driver,
    `SELECT (SELECT max(updatedAt) FROM Run) AS run, (SELECT max(createdAt) FROM Share) AS share,
      (SELECT max(storedAt) FROM Evaluation) AS evaluation`,
  )
  const moments = Object.values(latest!).map((moment) => (moment ? Date.parse(moment) + 1 : 0))
  return new Date(Math.max(Date.now(), ...moments))
}

/** What a column takes: JSON as its text. */
export type Value = string | number | Date | null

/** Rows of a query by the names of its columns, as SQLite has them. */
export async function rowsOf<T>(driver: Driver, sql: string, ...args: Value[]): Promise<T[]> {
  const { columnNames, rows } = await driver.queryRaw(statement(sql, ...args))
  return rows.map((row) => Object.fromEntries(columnNames.map((name, i) => [name, row[i]])) as T)
}

/** As the driver takes it. */
export function statement(sql: string, ...args: Value[]): Parameters<Driver['executeRaw']>[0] {
  return { sql, args, argTypes: args.map(() => ({ scalarType: 'unknown', arity: 'scalar' })) }
}

/** A row as the columns it has a value for. */
export type Row = Record<string, Value>

/** Adds a row to a table, in a fifth of the time of Prisma's create, for which others that write would wait. */
export async function insertRow(driver: Driver, table: string, row: Row): Promise<void> {
  const columns = Object.keys(row)
  const sql = `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`
  await driver.executeRaw(statement(sql, ...Object.values(row)))
}

/** Sets these columns of the row with an id, as `insertRow` adds one. */
export async function updateRow(driver: Driver, table: string, id: string, row: Row): Promise<void> {
  const columns = Object.keys(row).map((column) => `${column} = ?`)
  await driver.executeRaw(
    statement(`UPDATE ${table} SET ${columns} WHERE id = ?`, ...[...Object.values(row), id]),
  )
}

/** Closes the connections; the next call opens them again. */
export async function closeDb(): Promise<void> {
  const open = held.signscopeDb
  if (!open) return
  held.signscopeDb = undefined
  await open.queue
  await open.reader.client.$disconnect()
  await (await open.writer)?.client.$disconnect()
}

/** A time as it is stored, which is not ISO's way of writing it in every column. */
export const isoTime = (stored: string): string => new Date(stored).toISOString()

/** Text the database can hold and give back unchanged; throws an InputError for anything else. */
export function checkText(field: string, text: string, longest = 512): void {
  const problem =
    text.length === 0
      ? 'it is empty'
      : text.length > longest
        ? `it has ${text.length} characters, ${longest} are allowed`
        : text.includes('\0')
          ? 'it contains a NUL character'
          : /\p{Surrogate}/u.test(text)
            ? 'it contains half a surrogate pair'
            : null
  if (problem) throw new InputError({ file: field, problem, remedy: 'Use another name.' })
}

function connections(): Connections {
  const file = databaseFile()
  if (held.signscopeDb?.file !== file)
    held.signscopeDb = {
      file,
      reader: connect(file),
      writer: null,
      queue: Promise.resolve(),
      sinceCopy: 0,
    }
  return held.signscopeDb
}

function writer(open: Connections): Promise<Connection> {
  open.writer ??= connectForWriting(open.file).catch((error: unknown) => {
    open.writer = null
    throw error
  })
  return open.writer
}

/** A database file on its own, to be disconnected by the caller: a copy, or the store from outside. */
export function openDatabase(file: string): PrismaClient {
  return new PrismaClient({ adapter: adapterOf(file) })
}

/** `timeout`: how long the driver waits for a lock, and this process with it, in ms. */
function adapterOf(file: string, timeout = 5000): PrismaBetterSqlite3 {
  return new PrismaBetterSqlite3({ url: `file:${file}`, timeout })
}

/** Prisma and we below it are on one connection: that is what puts both into one transaction. */
function connect(file: string, timeout?: number): Connection {
  const adapter = adapterOf(file, timeout)
  const driver = adapter.connect()
  return { client: new PrismaClient({ adapter: Object.assign(adapter, { connect: () => driver }) }), driver }
}

/** An acknowledged write must survive a power cut, hence FULL; the driver's default in WAL mode is NORMAL. */
async function connectForWriting(file: string): Promise<Connection> {
  const connection = connect(file, 10)
  await connection.client.$executeRawUnsafe('PRAGMA synchronous = FULL')
  await connection.client.$queryRawUnsafe('PRAGMA wal_autocheckpoint = 0')
  return connection
}
