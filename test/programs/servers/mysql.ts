/** MySQL's protocol by mysql2's own server, over SQLite: true tables, transactions and errors, in SQLite's dialect. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import mysql, { type Connection } from 'mysql2'
import type { Host, Listener } from '../../../src/socket/host.ts'
import { serveNode } from '../../../src/socket/node/index.ts'

/** ER_ACCESS_DENIED_ERROR, ER_PARSE_ERROR. */
const [ACCESS_DENIED, PARSE_ERROR] = [1045, 1064]
/** VAR_STRING in utf8mb4. */
const TEXT = { characterSet: 45, columnLength: 255, columnType: 253, flags: 0, decimals: 0 }
/** PROTOCOL_41, SECURE_CONNECTION, TRANSACTIONS, CONNECT_WITH_DB, PLUGIN_AUTH. */
const CAPABILITIES = 0x0200 | 0x8000 | 0x2000 | 0x0008 | 0x0008_0000

interface Greeting {
  readonly authPluginData1: Buffer
  readonly authPluginData2: Buffer
  readonly authToken: Buffer
}

/** What mysql2's server has and its types do not name. */
interface ServerSide {
  /** The number of the next packet: every command begins at 0. */
  sequenceId: number
  serverHandshake(options: object): void
  writeOk(about?: { affectedRows: number; insertId: number }): void
  writeError(error: { code: number; message: string }): void
  writeTextResult(rows: readonly object[], columns: readonly object[]): void
  on(event: 'query', listener: (sql: string) => void): void
  on(event: 'ping' | 'quit' | 'error', listener: () => void): void
  close(): void
}

/** Everybody who knows the password shares one database. */
export function serveMysql(host: Host, port: number, password = 'secret'): Promise<Listener> {
  const database = new DatabaseSync(':memory:')
  let connections = 0
  const sockets = createServer((stream) => {
    const settings: object = { stream, isServer: true }
    const client = mysql.createConnection(settings) as Connection & ServerSide
    client.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.0-sqlite',
      connectionId: ++connections,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: CAPABILITIES,
      authPluginName: 'mysql_native_password',
      authCallback: (greeting: Greeting, done: (error: null, refusal?: { message: string; code: number }) => void) => {
        if (knows(greeting, password)) done(null)
        else done(null, { message: 'Access denied', code: ACCESS_DENIED })
        client.sequenceId = 0
      },
    })
    const each = (command: () => void) => {
      client.sequenceId = 1
      command()
      client.sequenceId = 0
    }
    client.on('query', (sql) => each(() => answer(client, database, sql)))
    client.on('ping', () => each(() => client.writeOk()))
    client.on('quit', () => client.close())
    client.on('error', () => {}) // a client that has gone
  })
  return serveNode(host, sockets, port)
}

function answer(client: ServerSide, database: DatabaseSync, sql: string): void {
  try {
    const statement = database.prepare(sql === 'START TRANSACTION' ? 'BEGIN' : sql)
    const columns = statement.columns()
    if (columns.length === 0) {
      const { changes, lastInsertRowid } = statement.run()
      client.writeOk({ affectedRows: Number(changes), insertId: Number(lastInsertRowid) })
      return
    }
    const described = columns.map(({ name }) => ({ ...TEXT, catalog: 'def', schema: '', name, orgName: name }))
    const rows = statement.all().map((row) => Object.fromEntries(Object.entries(row).map(([k, v]) => [k, text(v)])))
    client.writeTextResult(
      rows,
      described.map((one) => ({ ...one, table: '', orgTable: '' })),
    )
  } catch (error) {
    client.writeError({ code: PARSE_ERROR, message: String(error instanceof Error ? error.message : error) })
  }
}

function text(value: unknown): string | null {
  return value === null ? null : String(value)
}

const sha1 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** mysql_native_password: SHA1(password) ⊕ SHA1(seed, SHA1(SHA1(password))). */
function knows({ authPluginData1, authPluginData2, authToken }: Greeting, password: string): boolean {
  const once = sha1(Buffer.from(password))
  const seed = Buffer.concat([authPluginData1.subarray(0, 8), authPluginData2.subarray(0, 12)])
  const mask = sha1(seed, sha1(once))
  const expected = Buffer.from(once.map((byte, i) => byte ^ mask[i]!))
  return authToken.length === expected.length && timingSafeEqual(authToken, expected)
}
