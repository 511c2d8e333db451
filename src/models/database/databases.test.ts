/** Where rows are, when there are several databases: said once, found by all, and never guessed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  atomic,
  createTables,
  type Database,
  Databases,
  f,
  Model,
  ModelError,
  onCommit,
  openDatabase,
  withDatabase,
} from '../index.ts'
import { freshDatabase, machine, makeUser, Post, User } from '../trial/fixture.ts'

class Account extends Model {
  id = f.id()
  sum = f.int()
}

class Visit extends Model {
  id = f.id()
  path = f.text(80)
}

/** A database with a name to look for in messages. */
async function named(name: string, models: Parameters<typeof createTables>[1]): Promise<Database> {
  const opened = openDatabase('sqlite::memory:', { machine })
  const database = Object.create(opened, { name: { value: name } }) as Database
  for (const method of ['run', 'begin', 'violation', 'close'] as const)
    Object.defineProperty(database, method, { value: opened[method].bind(opened) })
  await createTables(database, models)
  return database
}

async function bank() {
  const main = await named('main.db', [Account])
  const stats = await named('stats.db', [Visit])
  const both = new Databases([
    [main, [Account]],
    [stats, [Visit]],
  ])
  return { main, stats, both }
}

const says =
  (...words: string[]) =>
  (error: unknown) => {
    assert.ok(error instanceof ModelError, String(error))
    for (const word of words) assert.ok(error.message.includes(word), `${error.message} does not say ${word}`)
    return true
  }

test('each model finds its database, wherever the code around has them from', async () => {
  const { both, main } = await bank()
  await both.run(async () => {
    await Account.create({ sum: 1 })
    await Visit.create({ path: '/' })
    assert.deepEqual([await Account.count(), await Visit.count()], [1, 1])
  })
  assert.equal(await withDatabase(main, () => Account.count()), 1)
  assert.equal(await both.run(() => Visit.count()), 1) // a query begins inside
})

test('a model without a database is named, with what to do', async () => {
  await assert.rejects(User.all().all(), says('User', 'site.run', 'withDatabase'))
  const { both } = await bank()
  await assert.rejects(
    both.run(() => User.count()),
    says('User', 'main.db, stats.db', 'models: [User]'),
  )
  await assert.rejects(
    atomic(async () => {}),
    says('no database', 'site.run'),
  )
  await assert.rejects(
    atomic(async () => {}, { on: User }),
    says('no database', 'User'),
  )
})

test('a model is in one database, and refers to none outside', async () => {
  const { main, stats } = await bank()
  const twice = () =>
    new Databases([
      [main, [Account]],
      [stats, [Visit, Account]],
    ])
  assert.throws(twice, says('Account', 'main.db', 'stats.db'))
  assert.throws(() => new Databases([[main, [Post]]]), says('Post.author refers to User', 'main.db', 'not listed'))
  const apart = () =>
    new Databases([
      [main, [Post]],
      [stats, [User]],
    ])
  assert.throws(apart, says('Post.author refers to User', 'main.db', 'stats.db'))
  assert.ok(new Databases([[main, [Post]]], new Databases([[main, [User]]]))) // the same one, listed outside
})

test('atomic names the databases when it cannot know which is meant', async () => {
  const { both, main } = await bank()
  await both.run(async () => {
    await assert.rejects(
      atomic(async () => {}),
      says('main.db', 'stats.db', 'on:'),
    )
    const undo = (on: Database | typeof Account) =>
      atomic(
        async () => {
          await Account.create({ sum: 1 })
          await atomic(() => Account.create({ sum: 2 })) // one inside another is of the same
          throw new Error('undo')
        },
        { on },
      )
    await assert.rejects(undo(Account), /^Error: undo$/)
    await assert.rejects(undo(main), /^Error: undo$/)
    assert.equal(await Account.count(), 0)
  })
})

test('a statement that the transaction would not undo is refused, unless it is said', async () => {
  const { both, stats } = await bank()
  await both.run(async () => {
    for (const statement of [() => Visit.create({ path: '/' }), () => Visit.count(), () => Visit.all().delete()])
      await assert.rejects(
        atomic(async () => void (await statement()), { on: Account }),
        says('stats.db', 'main.db', 'could not undo'),
      )
    assert.equal(await Visit.count(), 0)
    const undone = async (work: () => Promise<unknown>, unprotected: (Database | typeof Visit)[]) => {
      const failing = atomic(
        async () => {
          await Account.create({ sum: 1 })
          await atomic(work) // a savepoint knows what was said around it
          throw new Error('undo')
        },
        { on: Account, unprotected },
      )
      await assert.rejects(failing, /^Error: undo$/)
      assert.equal(await Account.count(), 0)
      return Visit.count()
    }
    assert.equal(await undone(() => Visit.create({ path: '/' }), [Visit]), 1)
    assert.equal(await undone(() => Visit.create({ path: '/' }), [stats]), 2)
    // A transaction of its own commits for itself.
    assert.equal(await undone(() => atomic(() => Visit.create({ path: '/' }), { on: Visit }), []), 3)
    // Who says anew where rows are means it.
    assert.equal(await undone(() => withDatabase(stats, () => Visit.create({ path: '/' })), []), 4)
  })
})

test('transactions of two databases inside each other: each statement goes to its own', async () => {
  const { both } = await bank()
  const calls: string[] = []
  await both.run(async () => {
    await atomic(
      async () => {
        onCommit(() => calls.push('account'))
        const failing = atomic(
          async () => {
            onCommit(() => calls.push('never'))
            await Visit.create({ path: '/gone' })
            await Account.create({ sum: 7 })
            throw new Error('undo')
          },
          { on: Visit },
        )
        await assert.rejects(failing)
        await atomic(
          async () => {
            onCommit(() => calls.push('visit'))
            await Visit.create({ path: '/kept' })
          },
          { on: Visit },
        )
      },
      { on: Account },
    )
    assert.deepEqual(
      [(await Account.all()).map(({ sum }) => sum), (await Visit.all()).map(({ path }) => path)],
      [[7], ['/kept']],
    )
  })
  assert.deepEqual(calls, ['visit', 'account'])
})

test('one model in two databases of one process: those inside see theirs', async () => {
  const one = await freshDatabase()
  const two = await freshDatabase()
  const first = new Databases([[one, [User, Post]]])
  const second = new Databases([[two, [User, Post]]])
  await first.run(() => makeUser('One'))
  await second.run(() =>
    atomic(async () => {
      await makeUser('Two')
      assert.deepEqual(
        (await first.run(() => User.all())).map(({ name }) => name),
        ['One'],
      )
      assert.deepEqual(
        (await User.all()).map(({ name }) => name),
        ['Two'],
      )
    }),
  )
})

test('what is not listed is looked up outside, and atomic means the inner database', async () => {
  const { both } = await bank()
  const inner = await freshDatabase()
  const mounted = new Databases([[inner, [User, Post]]], both)
  await mounted.run(async () => {
    await makeUser()
    await Account.create({ sum: 1 })
    await assert.rejects(
      atomic(async () => {
        await makeUser()
        throw new Error('undo')
      }),
    )
    assert.deepEqual([await User.count(), await Account.count()], [1, 1])
    await assert.rejects(
      atomic(() => Account.create({ sum: 2 })),
      says('main.db'),
    )
  })
  const bare = new Databases([], both)
  await bare.run(async () => {
    assert.equal(await Account.count(), 1)
    await assert.rejects(
      atomic(async () => {}),
      says('main.db', 'stats.db'),
    )
  })
})
