/** SQL clients against servers of their kind. PGlite takes seconds to start: all that needs it stands in this file. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import mysql from 'mysql2'
import mysqlPromise from 'mysql2/promise'
import pg from 'pg'
import postgres from 'postgres'
import { drop, internet, ms, pass, seconds, simulate } from '../../src/sim/index.ts'
import { servePglite, virtualGlobals } from '../../src/sim/node/index.ts'
import type { Host } from '../../src/socket/host.ts'
import { type HostSocket, nodeConnect, nodeSocket } from '../../src/socket/node/index.ts'
import { everywhere } from './places.ts'
import { serveMysql } from './servers/mysql.ts'

const database = await PGlite.create()
after(() => database.close())

/** An empty database on that host. */
async function fresh(host: Host, port = 0) {
  await host.clock.hold(database.exec('ROLLBACK; DROP SCHEMA public CASCADE; CREATE SCHEMA public'))
  return await servePglite(host, database, port)
}

const USER = { user: 'postgres', database: 'postgres' }

everywhere('pg', 'questions, a transaction and an error', async ({ client, server, address, open, ...place }) => {
  const port = await open(fresh(server))
  const db = new pg.Client({ ...USER, host: address, port, stream: () => nodeSocket(client) as never })
  await db.connect()
  place.finally(() => db.end())
  await db.query('CREATE TABLE visit (id serial PRIMARY KEY, page text NOT NULL)')
  await db.query('BEGIN')
  for (const page of ['/', '/about', 'ünïcode 🎉', 'x'.repeat(100_000)])
    await db.query('INSERT INTO visit (page) VALUES ($1)', [page])
  await db.query('COMMIT')
  const { rows } = await db.query('SELECT id, length(page) AS length FROM visit ORDER BY id')
  assert.deepEqual(rows, [
    { id: 1, length: 1 },
    { id: 2, length: 6 },
    { id: 3, length: 9 },
    { id: 4, length: 100_000 },
  ])
  await assert.rejects(db.query('SELECT * FROM nowhere'), { code: '42P01', message: /nowhere/ })
  assert.equal((await db.query('SELECT 6 * 7 AS answer')).rows[0].answer, 42)
})

everywhere('pg', 'a pool of clients, whose transactions exclude each other', async (place) => {
  const { client, server, address, open } = place
  const port = await open(fresh(server))
  const stream = () => nodeSocket(client) as never
  const pool = new pg.Pool({ ...USER, host: address, port, max: 4, stream })
  place.finally(() => pool.end())
  await pool.query('CREATE TABLE account (balance int); INSERT INTO account VALUES (0)')
  const deposit = async () => {
    const one = await pool.connect()
    try {
      await one.query('BEGIN')
      const { rows } = await one.query('SELECT balance FROM account FOR UPDATE')
      await one.query('UPDATE account SET balance = $1', [rows[0].balance + 10])
      await one.query('COMMIT')
    } finally {
      one.release()
    }
  }
  await Promise.all(Array.from({ length: 8 }, deposit))
  assert.equal((await pool.query('SELECT balance FROM account')).rows[0].balance, 80)
})

everywhere('postgres', 'tagged questions, a transaction and a cursor', async (place) => {
  const { client, server, address, open } = place
  const port = await open(fresh(server))
  const sql = postgres({
    ...USER,
    max: 2,
    socket: () => connected(client, port, address),
    onnotice: () => {},
  } as object)
  place.finally(() => sql.end())
  await sql`CREATE TABLE visit (id serial, page text, seen jsonb)`
  const pages = ['/', '/about', '/very/long']
  await sql.begin(async (transaction) => {
    for (const page of pages) await transaction`INSERT INTO visit ${transaction({ page, seen: { by: ['a'] } })}`
  })
  assert.deepEqual(
    (await sql`SELECT page, seen FROM visit WHERE page LIKE ${'/%'} ORDER BY id`).map((row) => ({ ...row })),
    pages.map((page) => ({ page, seen: { by: ['a'] } })),
  )
  const seen: unknown[] = []
  await sql`SELECT generate_series(1, 5) AS n`.cursor(2, (rows) => {
    seen.push(...rows.map(({ n }) => n))
  })
  assert.deepEqual(seen, [1, 2, 3, 4, 5])
  await assert.rejects(sql`SELECT 1 / 0`, { code: '22012' })
})

/** This client wants a socket that is connected. */
function connected(host: Host, port: number, address: string): Promise<HostSocket> {
  return new Promise<HostSocket>((resolve, reject) => {
    const socket = nodeConnect(host)(port, address, () => resolve(socket))
    socket.once('error', reject)
  })
}

everywhere('mysql2', 'questions, a transaction, errors and a wrong password', async (place) => {
  const { client, server, address, open } = place
  const port = await open(serveMysql(server, 0))
  const access = { user: 'me', password: 'secret', stream: () => nodeConnect(client)(port, address) }
  const plain = mysql.createConnection(access)
  const answer = await new Promise((resolve, reject) => {
    plain.query('SELECT 1 + 1 AS two, NULL AS empty', (error, rows) => (error ? reject(error) : resolve(rows)))
  })
  assert.deepEqual(JSON.parse(JSON.stringify(answer)), [{ two: '2', empty: null }])
  plain.destroy()
  const db = await mysqlPromise.createConnection(access)
  place.finally(() => db.destroy())
  await db.query('CREATE TABLE visit (id INTEGER PRIMARY KEY, page TEXT)')
  await db.beginTransaction()
  const [inserted] = await db.query('INSERT INTO visit (page) VALUES (?), (?)', ['über', 'x'.repeat(70_000)])
  assert.deepEqual([Reflect.get(inserted, 'affectedRows'), Reflect.get(inserted, 'insertId')], [2, 2])
  await db.commit()
  await db.beginTransaction()
  await db.query('DELETE FROM visit')
  await db.rollback()
  const [rows] = await db.query('SELECT page, length(page) AS length FROM visit WHERE length(page) < 10')
  assert.deepEqual(JSON.parse(JSON.stringify(rows)), [{ page: 'über', length: '4' }])
  await assert.rejects(db.query('SELECT * FROM nowhere'), { errno: 1064, message: /no such table: nowhere/ })
  await db.ping()
  await assert.rejects(mysqlPromise.createConnection({ ...access, password: 'wrong' }), { errno: 1045 })
})

test('pg gives a server up that does not answer, after its thirty seconds of virtual time', async () => {
  const net = internet({ seed: 'black hole' })
  using _globals = virtualGlobals(net)
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(10) })
  net.rule(({ frame }) => (frame[12] === 0x08 && frame[13] === 0x00 ? drop('black hole') : pass)) // IPv4
  await net.run(async () => {
    const stream = () => nodeSocket(client) as never
    const db = new pg.Client({ ...USER, host: server.address, stream, connectionTimeoutMillis: 30_000 })
    await assert.rejects(db.connect(), /timeout expired/)
    assert.equal(net.now, seconds(30))
  })
})

/** Moves money between two accounts, again and again until it has worked: a transfer happens once or not at all. */
async function transfer(pool: pg.Pool, id: number): Promise<void> {
  for (;;) {
    const db = await pool.connect().catch(() => null)
    if (db === null) continue
    try {
      await db.query('BEGIN')
      const done = await db.query('INSERT INTO transfer VALUES ($1) ON CONFLICT DO NOTHING', [id])
      if (done.rowCount === 1) {
        await db.query('UPDATE account SET balance = balance - 10 WHERE name = $1', ['a'])
        await db.query('UPDATE account SET balance = balance + 10 WHERE name = $1', ['b'])
      }
      await db.query('COMMIT')
      db.release()
      return
    } catch (error) {
      db.release(error as Error)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

const ACCOUNTS = `
  CREATE TABLE account (name text PRIMARY KEY, balance int);
  CREATE TABLE transfer (id int PRIMARY KEY);
  INSERT INTO account VALUES ('a', 100), ('b', 0)`

test('pg over 5 % loss and 200 ms: every transfer happens once', () =>
  simulate('bank over bad weather', { seeds: 5 }, async (net) => {
    using _globals = virtualGlobals(net)
    const [client, server] = [net.host('client'), net.host('server')]
    net.link(client, server, { latency: ms(200), loss: 0.05 })
    await net.run(async () => {
      await fresh(server, 5432)
      const pool = new pg.Pool({ ...USER, host: server.address, max: 3, stream: () => nodeSocket(client) as never })
      await pool.query(ACCOUNTS)
      await Promise.all([1, 2, 3, 4].map((id) => transfer(pool, id)))
      const { rows } = await pool.query('SELECT * FROM account ORDER BY name')
      assert.deepEqual(rows, [
        { name: 'a', balance: 60 },
        { name: 'b', balance: 40 },
      ])
      await pool.end()
    })
  }))

test('the machine of the database crashes in the middle of transactions and comes back: nothing is half done', () =>
  simulate('crash in a transaction', { seeds: 5 }, async (net, seed) => {
    using _globals = virtualGlobals(net)
    const client = net.host('client')
    const server = net.host('server', { boot: async (host) => void (await servePglite(host, database)) })
    net.link(client, server, { latency: ms(20) })
    await net.run(async () => {
      await server.clock.hold(database.exec('ROLLBACK; DROP SCHEMA public CASCADE; CREATE SCHEMA public'))
      const settings = { ...USER, host: server.address, max: 3, stream: () => nodeSocket(client) as never }
      const pool = new pg.Pool({ ...settings, query_timeout: 5000, connectionTimeoutMillis: 5000 })
      // A connection is reset, of a client that is idle or not: pg ends the process when nobody listens.
      pool.on('error', () => {})
      pool.on('connect', (db) => db.on('error', () => {}))
      await pool.query(ACCOUNTS)
      const work = Promise.all([1, 2, 3, 4, 5, 6].map((id) => transfer(pool, id)))
      // Another moment with each seed: between two statements, in the middle of one, in a commit.
      net.clock.at(net.now + ms(150 + 37 * Number(seed)), () => server.crash())
      net.clock.at(net.now + seconds(3), () => server.restart())
      await work
      assert.ok(net.now > seconds(3))
      const { rows } = await pool.query('SELECT * FROM account ORDER BY name')
      assert.deepEqual(rows, [
        { name: 'a', balance: 40 },
        { name: 'b', balance: 60 },
      ])
      await pool.end()
    })
  }))

test('a client that leaves in a transaction is rolled back, and one that sends nonsense is cut off', async () => {
  const net = internet({ seed: 'leaving' })
  using _globals = virtualGlobals(net)
  const [client, server] = [net.host('client'), net.host('server')]
  net.link(client, server, { latency: ms(10) })
  await net.run(async () => {
    await fresh(server, 5432)
    const settings = { ...USER, host: server.address, stream: () => nodeSocket(client) as never }
    const [one, two] = [new pg.Client(settings), new pg.Client(settings)]
    one.on('error', () => {})
    await one.connect()
    await one.query('CREATE TABLE visit (id int)')
    await one.query('BEGIN')
    await one.query('INSERT INTO visit VALUES (1)')
    await two.connect()
    const counted = two.query('SELECT count(*)::int AS visits FROM visit')
    one.connection.stream.destroy()
    assert.deepEqual((await counted).rows, [{ visits: 0 }])
    await two.end()
    const nonsense: readonly (readonly number[])[] = [
      [0, 0, 0, 3],
      [0xff, 0xff, 0xff, 0xff, 0, 3, 0, 0],
      [0, 0, 0, 4],
      [0, 0, 0, 8, 0, 2, 0, 0],
      [0x16, 3, 1, 0, 200, 1, 0, 0],
    ]
    for (const bytes of nonsense) {
      const socket = await connected(client, 5432, server.address)
      socket.write(Uint8Array.from(bytes))
      socket.resume()
      await once(socket, 'close')
    }
    await servePglite(server, database, 5434, { messageBytes: 1000 })
    const limited = new pg.Client({ ...settings, port: 5434 })
    limited.on('error', () => {})
    await limited.connect()
    await limited.query('SELECT 1')
    await assert.rejects(limited.query('SELECT $1::text', ['x'.repeat(2000)]), /terminated/)
  })
})
