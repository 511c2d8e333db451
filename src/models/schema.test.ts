import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTables, f, Model, NoTableError, openDatabase, SchemaMismatchError, withDatabase } from './index.ts'
import { machine, makeUser, modelTest, Post, User } from './trial/fixture.ts'

modelTest('tables that are there and right are left alone', async (database) => {
  await makeUser()
  await createTables(database, [Post, User])
  assert.equal(await User.count(), 1)
  const { rows } = await database.run({
    sql: "select name from sqlite_schema where type = 'index' and name not like 'sqlite%' order by 1",
    parameters: [],
    writes: false,
  })
  assert.deepEqual(rows.flat(), ['post_author_id', 'post_published', 'post_reply_to_id'])
})

test('a table that differs is told in every difference, and nothing is changed', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  class Thing extends Model {
    id = f.id()
    name = f.text(80)
    count = f.int()
    owner = f.ref(() => User)
    gone = f.text()
  }
  await createTables(database, [User, Thing])
  const next = (() => {
    class Thing extends Model {
      id = f.id()
      name = f.text(90).unique()
      count = f.text().null()
      owner = f.ref(() => User, { onDelete: 'cascade' })
      fresh = f.text()
    }
    return Thing
  })()
  class Extra extends Model {
    id = f.id()
  }
  await assert.rejects(createTables(database, [next, Extra]), (error) => {
    assert.ok(error instanceof SchemaMismatchError)
    assert.deepEqual(error.differences, [
      'thing.name (Thing): it is not unique, in the model it is',
      'thing.count (Thing): the type is integer, the model wants text',
      'thing.count (Thing): it may not be null, in the model it may',
      'thing.owner_id (Thing): it refers to user on delete restrict, in the model to user on delete cascade',
      'thing.fresh (Thing): the column is missing',
      'thing.gone (Thing): the model has no field for this column',
    ])
    return true
  })
  const { rows } = await database.run({
    sql: "select count(*) from sqlite_schema where name = 'extra'",
    parameters: [],
    writes: false,
  })
  assert.equal(rows[0]![0], 0)
})

test('names of tables and columns may be words of SQL', async () => {
  class Order extends Model {
    static table = 'order'
    id = f.id()
    select = f.text()
    groupBy = f.int().index()
  }
  const database = openDatabase('sqlite::memory:', { machine })
  await createTables(database, [Order])
  await withDatabase(database, async () => {
    await Order.create({ select: 'from', groupBy: 1 })
    assert.equal(
      (
        await Order.where((p) => p.groupBy.gt(0))
          .orderBy('-select')
          .get()
      ).select,
      'from',
    )
    assert.equal(await Order.where({ select: 'from' }).update({ groupBy: 2 }), 1)
    assert.equal(await Order.where({ groupBy: 2 }).delete(), 1)
  })
})

test('a table that is not there says how it is made', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  await withDatabase(database, async () => {
    for (const query of [
      () => User.count(),
      () => User.create({ email: 'a@b.de', name: 'a', password: 'p'.repeat(9) }),
    ])
      await assert.rejects(query, (error) => {
        assert.ok(error instanceof NoTableError)
        assert.match(error.message, /no such table: user; `await site\.createTables\(\)`/)
        return true
      })
  })
})
