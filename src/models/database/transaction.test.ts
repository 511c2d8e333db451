import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { report } from '../../base/report.ts'
import {
  atomic,
  createTables,
  type Database,
  DatabaseBusyError,
  execute,
  ModelError,
  onCommit,
  openDatabase,
  withDatabase,
} from '../index.ts'
import { freshDatabase, machine, makePost, makeUser, Post, User } from '../trial/fixture.ts'

/** Lets everything go on that can. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

for (const kind of ['memory', 'file']) {
  describe(`transactions in ${kind}`, () => {
    let database: Database
    let folder: string
    const inside = (name: string, run: () => Promise<void>) => test(name, () => withDatabase(database, run))
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'reticle-'))
      database = await freshDatabase(kind === 'memory' ? 'sqlite::memory:' : `sqlite:${join(folder, 'test.db')}`)
    })
    afterEach(() => {
      database.close()
      rmSync(folder, { recursive: true })
    })

    inside('what fails leaves nothing behind', async () => {
      await assert.rejects(
        atomic(async () => {
          await makeUser()
          assert.equal(await User.count(), 1)
          throw new Error('no')
        }),
        /^Error: no$/,
      )
      assert.equal(await User.count(), 0)
      assert.equal(await atomic(async () => (await makeUser()).name), 'Ada')
      assert.equal(await User.count(), 1)
    })

    inside('a savepoint that fails leaves what is around', async () => {
      await atomic(async () => {
        const ada = await makeUser()
        await assert.rejects(
          atomic(async () => {
            await makePost(ada)
            await atomic(() => makePost(ada))
            throw new Error('inner')
          }),
        )
        await atomic(() => makePost(ada, { title: 'kept' }))
      })
      assert.deepEqual(
        (await Post.all()).map(({ title }) => title),
        ['kept'],
      )
    })

    inside('savepoints beside each other take turns, statements wait for them', async () => {
      await atomic(async () => {
        const ada = await makeUser()
        const failing = atomic(async () => {
          await makePost(ada, { title: 'gone' })
          await turn()
          throw new Error('undone')
        })
        const outside = makePost(ada, { title: 'outside' })
        const second = atomic(async () => {
          await makePost(ada, { title: 'second' })
          await turn()
        })
        await assert.rejects(failing)
        await Promise.all([outside, second])
      })
      assert.deepEqual((await Post.all()).map(({ title }) => title).sort(), ['outside', 'second'])
    })

    inside('others neither see what is not committed nor get into it', async () => {
      let finish = () => {}
      const gate = new Promise<void>((resolve) => (finish = resolve))
      const transaction = atomic(async () => {
        await makeUser()
        await gate
        throw new Error('undone')
      })
      await turn()
      const seen = User.count()
      const written = makeUser('Bob') // waits, and is not undone with the transaction
      await turn()
      finish()
      await assert.rejects(transaction)
      assert.equal(await seen, 0)
      await written
      assert.deepEqual(
        (await User.all()).map(({ name }) => name),
        ['Bob'],
      )
    })

    inside('a hundred transactions at once do not mix', async () => {
      const ada = await makeUser()
      const post = await makePost(ada)
      await Promise.allSettled(
        Array.from({ length: 100 }, (_, i) =>
          atomic(async () => {
            const { views } = await Post.get({ id: post.id })
            await turn()
            await Post.where({ id: post.id }).update({ views: views + 1 })
            if (i % 2) throw new Error('undone')
          }),
        ),
      )
      assert.equal((await Post.get({ id: post.id })).views, 50)
    })

    inside('onCommit runs after the outermost commit, and not for what was undone', async () => {
      const calls: string[] = []
      onCommit(() => calls.push('at once'))
      await atomic(async () => {
        onCommit(() => calls.push('outer'))
        await atomic(async () => onCommit(() => calls.push('inner')))
        await assert.rejects(
          atomic(async () => {
            onCommit(() => calls.push('undone'))
            throw new Error()
          }),
        )
        assert.deepEqual(calls, ['at once'])
      })
      assert.deepEqual(calls, ['at once', 'outer', 'inner'])
    })

    inside('what a callback of onCommit throws is reported, and is nobody else\u2019s trouble', async () => {
      const failures: string[] = []
      const calls: string[] = []
      const reporting = (error: unknown, what: string) => failures.push(`${what}: ${(error as Error).message}`)
      const fail = async (why: string) => {
        await turn()
        throw new Error(why)
      }
      await report.run(reporting, async () => {
        const made = await atomic(async () => {
          onCommit(() => fail('SMTP is down'))
          onCommit(() => {
            throw new Error('at once')
          })
          onCommit(async () => {
            await turn()
            calls.push('still called, and awaited')
          })
          return makeUser()
        })
        assert.equal(await User.exists({ id: made.id }), true)
        onCommit(() => fail('outside'))
        await turn()
        await turn()
      })
      assert.deepEqual(calls, ['still called, and awaited'])
      const what = 'a callback of onCommit()'
      assert.deepEqual(failures, [`${what}: SMTP is down`, `${what}: at once`, `${what}: outside`])
    })

    inside('a callback of onCommit runs outside the transaction', async () => {
      let seen = -1
      await atomic(async () => {
        onCommit(() =>
          atomic(async () => {
            await makeUser('Late')
            onCommit(async () => (seen = await User.count()))
          }),
        )
        await makeUser()
      })
      assert.equal(seen, 2)
    })

    inside('a callback that comes too late is refused', async () => {
      let late = () => {}
      await atomic(async () => {
        const { AsyncResource } = await import('node:async_hooks')
        late = AsyncResource.bind(() => onCommit(() => {}))
      })
      assert.throws(late, (error) => error instanceof ModelError && /over/.test(error.message))
    })

    inside('a statement that is late is refused', async () => {
      let late: (() => Promise<number>) | undefined
      await atomic(async () => {
        const { AsyncResource } = await import('node:async_hooks')
        late = AsyncResource.bind(() => User.count())
      })
      await assert.rejects(late!(), (error) => error instanceof ModelError && /over/.test(error.message))
    })

    inside('SQL of the program runs inside too, and what would wait for itself says so', async () => {
      const sql = "insert into user (email, name, password) values ('a@b.de', 'raw', 'x')"
      const add = { sql, parameters: [], writes: true }
      await assert.rejects(
        atomic(async () => {
          assert.equal((await execute(database, add)).changes, 1)
          assert.equal(await User.count(), 1)
          await assert.rejects(database.run(add), /inside a transaction of this database/)
          await assert.rejects(database.begin(), /inside a transaction of this database/)
          throw new Error('undo')
        }),
        /^Error: undo$/,
      )
      assert.equal(await User.count(), 0)
    })

    inside('nesting has a limit', async () => {
      const nest = (depth: number): Promise<void> => atomic(async () => (depth > 0 ? nest(depth - 1) : undefined))
      await nest(50)
      await assert.rejects(nest(51), /nested deeper than 50/)
      assert.equal(await User.count(), 0)
    })
  })
}

test('how many may wait has a limit', async () => {
  const database = openDatabase('sqlite::memory:', { machine, limits: { waiting: 2 } })
  await createTables(database, [User])
  await withDatabase(database, async () => {
    let finish = () => {}
    const gate = new Promise<void>((resolve) => (finish = resolve))
    const transaction = atomic(() => gate)
    await turn()
    const waiting = [User.count(), User.count()]
    await assert.rejects(User.count(), DatabaseBusyError)
    finish()
    await transaction
    assert.deepEqual(await Promise.all(waiting), [0, 0])
  })
  database.close()
})

test('an address that is none of SQLite is refused', () => {
  assert.throws(() => openDatabase('postgres://x', { machine }), ModelError)
})
