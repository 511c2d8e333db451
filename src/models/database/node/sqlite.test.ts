/** SQLite as a database: locks of others, closing, what is kept on the disk, what is kept prepared. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { type Nanos, SECOND } from '../../../base/clock.ts'
import { ms, seconds } from '../../../base/duration.ts'
import {
  atomic,
  createTables,
  type Database,
  DatabaseBusyError,
  DatabaseClosedError,
  DatabaseOpenError,
  f,
  Model,
  ModelError,
  openDatabase,
  withDatabase,
} from '../../index.ts'
import { machine } from '../../trial/fixture.ts'

class Note extends Model {
  id = f.id()
  text = f.text(80)
}

const folder = mkdtempSync(join(tmpdir(), 'reticle-sqlite-'))
after(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${++files}.db`)

/** A clock that leaps to the next timer at every turn of the event loop: what waits takes no real time. */
function leapingMachine() {
  let now = 0
  let waits = 0
  const timers = new Set<{ readonly when: Nanos; readonly run: () => void }>()
  const leap = () => {
    const [next] = [...timers].sort((a, b) => a.when - b.when)
    if (next === undefined) return
    timers.delete(next)
    now = Math.max(now, next.when)
    next.run()
  }
  const clock = {
    ...machine.clock,
    now: () => now,
    at(when: Nanos, run: () => void) {
      waits++
      const timer = { when, run }
      timers.add(timer)
      setImmediate(leap)
      return { cancel: () => timers.delete(timer) }
    },
  }
  return { machine: { ...machine, clock }, now: () => now, waits: () => waits }
}

async function notes(path: string, options: Parameters<typeof openDatabase>[1] = {}): Promise<Database> {
  const database = openDatabase(`sqlite:${path}`, options)
  await createTables(database, [Note])
  return database
}

test('a lock of another process holds up writers only, and is told to them soon', async () => {
  const path = newFile()
  const { machine, now } = leapingMachine()
  const database = await notes(path, { machine })
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  await withDatabase(database, async () => {
    const four = ['a', 'b', 'c', 'd'].map((text) => Note.create({ text }))
    assert.equal(await Note.count(), 0) // reading goes on
    for (const one of four)
      await assert.rejects(one, (error) => {
        assert.ok(error instanceof DatabaseBusyError)
        assert.deepEqual([error.status, error.code], [503, 'MODEL_DATABASE_BUSY'])
        assert.match(error.message, /\.db is locked by another process: try again later/)
        return true
      })
    // All four waited together: it did not take four times as long.
    assert.ok(now() <= 2.2 * SECOND, `${now()} ns`)
    await assert.rejects(
      atomic(() => Note.create({ text: 'e' })),
      DatabaseBusyError,
    )
    other.exec('rollback')
    assert.equal((await Note.create({ text: 'f' })).id, 1)
  })
  other.close()
  await database.close()
})

test('a lock that is given up in time is never noticed', async () => {
  const path = newFile()
  const { machine, waits } = leapingMachine()
  const database = await notes(path, { machine })
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  await withDatabase(database, async () => {
    const written = Promise.all([
      Note.create({ text: 'a' }),
      atomic(async () => {
        await Note.create({ text: 'b' })
        await Note.create({ text: 'c' })
      }),
    ])
    for (let turns = 0; turns < 10; turns++) await new Promise((resolve) => setImmediate(resolve))
    assert.ok(waits() > 3, 'the lock was tried again and again')
    other.exec('commit')
    await written
    assert.deepEqual(
      (await Note.orderBy('id')).map(({ text }) => text),
      ['a', 'b', 'c'],
    )
  })
  other.close()
  await database.close()
})

test('how long a lock is waited for is a limit', async () => {
  const path = newFile()
  for (const [busyTimeout, most] of [
    [ms(0), 0],
    [ms(50), 50],
    [seconds(9), 9000],
  ] as const) {
    const { machine, now } = leapingMachine()
    const database = await notes(path, { machine, limits: { busyTimeout } })
    const other = new DatabaseSync(path)
    other.exec('begin immediate')
    await assert.rejects(
      withDatabase(database, () => Note.create({ text: 'a' })),
      DatabaseBusyError,
    )
    assert.equal(now() / 1e6, most)
    other.close()
    await database.close()
  }
})

test('options that cannot be meant are refused', () => {
  assert.throws(
    () => openDatabase('sqlite::memory:', { synchronous: 'off' as 'full' }),
    /synchronous must be 'full' or/,
  )
  const open = (limits: object) => () => openDatabase('sqlite::memory:', { limits })
  assert.throws(open({ busyTimeout: 5000 }), /limits\.busyTimeout must be 0 or at least 1 ms.*ms\(5000\)/)
  assert.throws(open({ turnTimeout: -1 }), /limits\.turnTimeout must be/)
  for (const value of [-1, 1.5, Number.NaN, '20', undefined])
    assert.throws(open({ pageSize: value }), /limits\.pageSize must be a whole number from 0, not/)
})

test('a transaction that never ends holds up the others for a while only', async () => {
  const { machine, now } = leapingMachine()
  const database = await notes(':memory:', { machine, limits: { turnTimeout: seconds(7) } })
  await withDatabase(database, async () => {
    let finish = () => {}
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const endless = atomic(() => gate)
    await new Promise((resolve) => setImmediate(resolve))
    for (const one of [Note.create({ text: 'a' }), Note.count(), atomic(() => Note.count())])
      await assert.rejects(one, (error) => {
        assert.ok(error instanceof DatabaseBusyError)
        assert.match(error.message, /waited 7 s for the running transaction of :memory:: .* limits\.turnTimeout/)
        return true
      })
    assert.equal(now(), 7 * SECOND)
    finish()
    await endless
    assert.equal(await Note.count(), 0)
  })
  await database.close()
})

test('closing refuses what waits and what comes, and undoes what is under way', async () => {
  const path = newFile()
  const database = await notes(path)
  await withDatabase(database, async () => {
    let begun = () => {}
    const inside = new Promise<void>((resolve) => (begun = resolve))
    let goOn = () => {}
    const gate = new Promise<void>((resolve) => (goOn = resolve))
    const running = atomic(async () => {
      await Note.create({ text: 'undone' })
      begun()
      await gate
      await Note.create({ text: 'too late' })
    })
    await inside
    const waiting = Note.create({ text: 'waits' })
    await database.close()
    goOn()
    for (const refused of [waiting, running, Note.count(), Note.create({ text: 'after' }), atomic(() => Note.count())])
      await assert.rejects(refused, (error) => {
        assert.ok(error instanceof DatabaseClosedError, String(error))
        assert.match(error.message, /^the database .*\.db is closed$/)
        return true
      })
  })
  await database.close() // a second time does nothing
  const again = await notes(path)
  assert.equal(await withDatabase(again, () => Note.count()), 0)
  await again[Symbol.asyncDispose]() // what `await using` does at the end of its block
  await assert.rejects(again.run({ sql: 'select 1', parameters: [], writes: false }), DatabaseClosedError)
})

test('a lock that is waited for while the database is closed', async () => {
  const path = newFile()
  const { machine } = leapingMachine()
  const database = await notes(path, { machine })
  const other = new DatabaseSync(path)
  other.exec('begin immediate')
  const waiting = withDatabase(database, () => Note.create({ text: 'a' }))
  await database.close()
  await assert.rejects(waiting, DatabaseClosedError)
  other.close()
})

test('a commit is on the disk unless the program says otherwise', async () => {
  for (const [synchronous, level] of [
    [undefined, 2],
    ['full', 2],
    ['normal', 1],
  ] as const) {
    const database = openDatabase(`sqlite:${newFile()}`, synchronous === undefined ? {} : { synchronous })
    // What a write statement sees is the writing connection's.
    const { rows } = await (await database.begin()).run({ sql: 'pragma synchronous', parameters: [], writes: false })
    assert.deepEqual(rows, [[level]])
    await database.close()
  }
})

test('what is said to read cannot write', async () => {
  const database = await notes(newFile())
  const sneaky = { sql: "insert into note (text) values ('x') returning id", parameters: [], writes: false }
  await assert.rejects(database.run(sneaky), /readonly|query_only|read-only/)
  await database.close()
})

test('a second statement is refused, not left out', async () => {
  const database = openDatabase('sqlite::memory:')
  const run = (sql: string) => database.run({ sql, parameters: [], writes: false })
  for (const sql of ['select 1; select 2', "select 'é;'; delete from x", 'select 1; -- a\n/* b */ select 2'])
    await assert.rejects(
      run(sql),
      (error) => error instanceof ModelError && /one statement at a time/.test(error.message),
    )
  for (const sql of [
    'select 1',
    ' select 1 ; ',
    'select 1; -- two\n',
    'select 1; /* two * */;',
    "select 1 where ';' <> ''",
  ])
    assert.deepEqual((await run(sql)).rows, [[1]])
  await database.close()
})

test('what is not a database is named when it is opened', async () => {
  const text = newFile()
  writeFileSync(text, 'this is not a database, and it is long enough to be seen to be none: '.repeat(20))
  for (const path of [text, join(folder, 'none', 'x.db')])
    assert.throws(
      () => openDatabase(`sqlite:${path}`),
      (error) => error instanceof DatabaseOpenError && error.message.includes(path),
    )
})

test('the statements that are used stay prepared, up to the limit', async (t) => {
  const database = openDatabase('sqlite::memory:', { limits: { statements: 2 } })
  const prepare = t.mock.method(DatabaseSync.prototype, 'prepare')
  const run = (n: number) => database.run({ sql: `select ${n}`, parameters: [], writes: false })
  for (const n of [1, 1, 2, 1, 3, 1, 4, 1, 5, 1]) assert.deepEqual((await run(n)).rows, [[n]])
  const prepared = prepare.mock.calls.map(({ arguments: [sql] }) => sql)
  assert.deepEqual(prepared, ['select 1', 'select 2', 'select 3', 'select 4', 'select 5'])
  await database.close()
})
