import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Columns,
  ConstraintError,
  createTables,
  Databases,
  describe,
  f,
  InvalidValueError,
  Model,
  ModelError,
  NoTableError,
  openDatabase,
  SchemaMismatchError,
  UnreadableValueError,
  withDatabase,
} from './index.ts'
import { machine, makePost, makeUser, modelTest, Post, User } from './trial/fixture.ts'

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
      'thing.name (Thing): the column is not unique; the field is',
      'thing.count (Thing): the type is integer; the model needs text',
      'thing.count (Thing): the column does not allow null; the field does',
      'thing.owner_id (Thing): the column refers to user on delete restrict; the model refers to user on delete cascade',
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
        assert.match(error.message, /there is no table "user" .*`await site\.createTables\(\)`/)
        return true
      })
  })
})

/** What a field says, and what no value of it can be, as an expression over other columns. */
class Item extends Model {
  id = f.id()
  bids = f.int({ min: 0, max: 1000 }).default(0)
  total = f.int().default(0)
  ratio = f.number({ min: -0.5, max: 0.5 }).default(0)
  weight = f.number().default(1)
  short = f.text(5).default('a')
  long = f.text().default('')
  state = f.choice(['open', "it's shut"]).default('open')
  code = f.slug(8).default('x')
  extra = f.int().null()
}

const check =
  (field: string, code: string, kind = 'check') =>
  (error: unknown) => {
    assert.ok(error instanceof ConstraintError, String(error))
    assert.deepEqual([error.kind, error.model, error.field, error.problem.code], [kind, 'Item', field, code])
    return true
  }

test('what a field says the table enforces, also of what an expression computes', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  await createTables(database, [Item])
  await withDatabase(database, async () => {
    await Item.create({ bids: 10, long: 'a text that is too long for the others' })
    const set = (change: Parameters<ReturnType<typeof Item.all<Item>>['update']>[0]) => Item.all().update(change)
    await assert.rejects(
      set((i) => ({ bids: i.bids.plus(5000) })),
      check('bids', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ bids: i.bids.minus(11) })),
      check('bids', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ bids: i.bids.plus(Number.MAX_SAFE_INTEGER) })),
      check('bids', 'out-of-range'),
    )
    await set({ total: Number.MAX_SAFE_INTEGER })
    await assert.rejects(
      set((i) => ({ total: i.total.plus(1) })),
      check('total', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ total: i.total.times(i.total) })),
      check('total', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ total: i.bids.plus(0.5) })),
      check('total', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ ratio: i.ratio.plus(0.75) })),
      check('ratio', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ weight: i.weight.plus(Number.MAX_VALUE).times(10) })),
      check('weight', 'out-of-range'),
    )
    await assert.rejects(
      set((i) => ({ short: i.long })),
      check('short', 'too-long'),
    )
    await assert.rejects(
      set((i) => ({ state: i.long as never })),
      check('state', 'not-allowed'),
    )
    await assert.rejects(
      set((i) => ({ total: i.extra.plus(1) as never })),
      check('total', 'required', 'required'),
    )
    await set((i) => ({ bids: i.bids.plus(990), ratio: i.ratio.plus(0.5), short: i.code, extra: i.extra.plus(1) }))
    const { bids, total, ratio, short, extra } = await Item.all().get()
    assert.deepEqual([bids, total, ratio, short, extra], [1000, Number.MAX_SAFE_INTEGER, 0.5, 'x', null])
    await assert.rejects(Item.create({ bids: 1001 }), InvalidValueError)
    await Item.create({ id: Number.MAX_SAFE_INTEGER })
    await assert.rejects(Item.create({}), check('id', 'not-allowed'))
    assert.equal((await Item.all()).length, 2)
  })
})

test('an expression of another type is refused before the database sees it', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  await createTables(database, [User, Post])
  await withDatabase(database, async () => {
    const refuses = (change: (p: Columns<Post>) => object, why: RegExp) =>
      assert.rejects(Post.all().update(change as never), why)
    await Post.all().update((p) => ({ score: p.views })) // a number is a number
    await refuses(
      (p) => ({ title: p.views }),
      /Post\.title: the field is of the kind text, but the expression is of the kind int/,
    )
    await refuses((p) => ({ pinned: p.views }), /of the kind boolean, but/)
    await refuses((p) => ({ created: p.views }), /of the kind datetime, but/)
    await refuses((p) => ({ tags: p.title }), /of the kind json, but/)
    await assert.rejects(
      User.all().update((u) => ({ password: u.name })),
      /hashed or converted before it is stored/,
    )
    await assert.rejects(
      User.all().update((u) => ({ name: u.password })),
      /secret/,
    )
  })
})

test('a row with a number past 2^53 that others wrote is named, and hides no other row', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  const strange = 'create table item (id integer primary key, bids integer, other text)'
  await database.run({ sql: strange, parameters: [], writes: true })
  class Foreign extends Model {
    static table = 'item'
    id = f.id()
    bids = f.int()
  }
  const add = (value: bigint) =>
    database.run({ sql: 'insert into item (bids) values (?)', parameters: [value], writes: true })
  await add(7n)
  await add(2n ** 60n)
  await withDatabase(database, async () => {
    await assert.rejects(Foreign.all().all(), (error) => {
      assert.ok(error instanceof UnreadableValueError)
      assert.match(error.message, /^Foreign\.bids: the table holds 1152921504606846976, .* \(the row with the id 2\);/)
      return true
    })
    assert.equal((await Foreign.get({ id: 1 })).bids, 7)
    assert.deepEqual((await Foreign.where((i) => i.bids.lt(100)))[0]!.bids, 7)
    assert.equal(await Foreign.where({ id: 2 }).update({ bids: 8 }), 1)
    assert.deepEqual(
      (await Foreign.all()).map(({ bids }) => bids),
      [7, 8],
    )
  })
})

test('a check follows its field, and says when rows are in its way', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  const thing = (max: number, states: readonly ['a', ...string[]]) => {
    class Thing extends Model {
      id = f.id()
      count = f.int({ max })
      state = f.choice(states as readonly string[]).default('a')
    }
    return Thing
  }
  const Narrow = thing(10, ['a'])
  const Wide = thing(1000, ['a', "b (')"])
  await createTables(database, [Narrow])
  await withDatabase(database, async () => {
    await assert.rejects(Wide.create({ count: 11 }), ConstraintError)
    await createTables(database, [Wide])
    await Wide.create({ count: 11, state: "b (')" })
    await createTables(database, [Wide])
    await assert.rejects(createTables(database, [Narrow]), (error) => {
      assert.ok(error instanceof SchemaMismatchError)
      assert.match(
        error.differences.join('\n'),
        /^thing\.count \(Thing\): the check cannot become .* and 10": .*\nthing\.state/,
      )
      return true
    })
    await Wide.create({ count: 1000 }) // nothing has changed
    await Wide.where((t) => t.count.gt(10)).delete()
    await createTables(database, [Narrow])
    await assert.rejects(Wide.create({ count: 11 }), ConstraintError)
  })
})

test('a table made before there were checks gets them', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  class Old extends Model {
    id = f.id()
    count = f.int({ max: 5 })
  }
  await database.run({
    sql: 'create table "old" ("id" integer primary key autoincrement, "count" integer not null) strict',
    parameters: [],
    writes: true,
  })
  await createTables(database, [Old])
  await withDatabase(database, async () => {
    await Old.create({ count: 5 })
    await assert.rejects(
      Old.all().update((o) => ({ count: o.count.plus(1) })),
      ConstraintError,
    )
  })
})

test('a model is data', () => {
  const state = describe(Post)
  assert.deepEqual(JSON.parse(JSON.stringify(state)), state)
  const [, slug] = state.fields
  assert.deepEqual(slug, {
    name: 'slug',
    column: 'slug',
    kind: 'slug',
    params: { max: 100 },
    stores: { type: 'text', max: 100 },
    nullable: false,
    unique: true,
    index: false,
    default: null,
    references: null,
    label: null,
    help: null,
  })
  const of = (name: string) => state.fields.find((field) => field.name === name)!
  assert.deepEqual(of('authorId').references, { model: 'User', table: 'user', column: 'id', onDelete: 'cascade' })
  assert.deepEqual([of('created').default, of('tags').default, of('views').default], ['now', 'computed', { value: 0 }])
  assert.deepEqual(of('state').params, { choices: { draft: 'Draft', public: 'Public' } })
  assert.deepEqual(describe(User).many, [{ name: 'posts', model: 'Post', by: 'author' }])
})

test('a table follows from a model’s state alone', async () => {
  const database = openDatabase('sqlite::memory:', { machine })
  const stored = JSON.parse(JSON.stringify([describe(User), describe(Post)])) as ReturnType<typeof describe>[]
  for (const state of stored)
    await database.run({ sql: database.dialect.schema.createTable(state), parameters: [], writes: true })
  await createTables(database, [User, Post]) // finds nothing that differs
})

test('two models do not share a table', async () => {
  class User2 extends Model {
    static table = 'USER'
    id = f.id()
  }
  const database = openDatabase('sqlite::memory:', { machine })
  const says = /two models have the table "user", User and User2: give one of them another, static table/
  await assert.rejects(createTables(database, [User, User2]), says)
  assert.throws(() => new Databases([[database, [User, User2]]]), says)
  const other = openDatabase('sqlite::memory:', { machine })
  assert.ok(
    new Databases([
      [database, [User, User, Post]],
      [other, [User2]],
    ]),
  )
})

modelTest('JSON that is too deep for the database says so', async () => {
  const ada = await makeUser()
  const post = await makePost(ada)
  class Deep extends Model {
    static table = 'post'
    id = f.id()
    tags = f.json()
  }
  let deep: unknown = 1
  for (let i = 0; i < 2000; i++) deep = [deep]
  await assert.rejects(Deep.where({ id: post.id }).update({ tags: deep }), (error) => {
    assert.ok(error instanceof ConstraintError)
    assert.deepEqual([error.field, error.problem.code], ['tags', 'too-deep'])
    return true
  })
})

test('a range without values is refused where it is declared', () => {
  assert.throws(() => f.int({ min: 2, max: 1 }), ModelError)
  assert.throws(() => f.int({ max: 1.5 }), ModelError)
  assert.throws(() => f.number({ min: Number.NaN }), ModelError)
  assert.throws(() => f.text(0), ModelError)
  assert.throws(() => f.slug(Number.NaN), ModelError)
  assert.throws(() => f.choice([]), ModelError)
})
