import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  and,
  atomic,
  type Condition,
  ConstraintError,
  countQueries,
  createTables,
  Databases,
  f,
  InvalidValueError,
  Model,
  ModelError,
  NotFoundError,
  not,
  type Operand,
  openDatabase,
  or,
  SeveralRowsError,
  withDatabase,
} from './index.ts'
import { machine, makePost, makeUser, modelTest, NOON, Post, strings, User } from './trial/fixture.ts'

modelTest('a row comes back as it was made, with its defaults', async () => {
  const ada = await makeUser()
  const published = new Date(NOON + 5)
  const made = await Post.create({
    slug: 'hello',
    title: 'Hello',
    body: '',
    published,
    author: ada,
    tags: ['a', 'b'],
    day: '2026-02-28',
    score: 1.5,
  })
  const read = await Post.get({ slug: 'hello' })
  assert.deepEqual(read, made)
  assert.deepEqual(
    { ...read },
    {
      id: 1,
      slug: 'hello',
      title: 'Hello',
      body: '',
      views: 0,
      score: 1.5,
      pinned: false,
      state: 'draft',
      tags: ['a', 'b'],
      day: '2026-02-28',
      created: new Date(NOON),
      published,
      authorId: ada.id,
      replyToId: null,
    },
  )
  assert.equal(read.excerpt(), 'Hello')
  assert.ok(read instanceof Post)
})

modelTest('a password is stored as its hash and left out of JSON', async () => {
  const ada = await makeUser()
  assert.equal(ada.password, 'hash:sdrow terces')
  assert.equal((await User.get({ id: ada.id })).password, 'hash:sdrow terces')
  await User.where({ id: ada.id }).update({ password: 'abcdefgh' })
  assert.equal((await User.get({ id: ada.id })).password, 'hash:hgfedcba')
  assert.deepEqual(JSON.parse(JSON.stringify(ada)), { id: ada.id, email: ada.email, name: 'Ada' })
})

modelTest('get of several rows is an error, find takes the first', async () => {
  const ada = await makeUser()
  const first = await makePost(ada)
  await makePost(ada)
  await assert.rejects(Post.get({ author: ada }), (error) => error instanceof SeveralRowsError)
  await assert.rejects(Post.orderBy('-id').get(), /get: more than one Post matches; narrow/)
  assert.equal((await Post.orderBy('id').limit(1).get()).id, first.id)
  assert.equal((await Post.find({ author: ada }))?.id, first.id)
})

modelTest('a condition that is undefined is not any row', async () => {
  const ada = await makeUser()
  const missing = undefined as never
  for (const query of [
    () => User.get(missing),
    () => User.find(missing),
    () => User.exists(missing),
    () => User.where(missing).delete(),
    () => User.all().get(missing),
    () => User.all().find(missing),
  ])
    await assert.rejects(async () => query(), /User needs an object of values, not undefined/)
  assert.deepEqual([(await User.all().get()).id, (await User.all().find())?.id], [ada.id, ada.id])
})

modelTest('get throws what a site answers with 404, find gives null', async () => {
  await assert.rejects(Post.get({ slug: 'none' }), (error) => error instanceof NotFoundError && error.status === 404)
  assert.equal(await Post.find({ slug: 'none' }), null)
  assert.equal(await Post.first(), null)
  assert.equal(await Post.exists({ slug: 'none' }), false)
})

modelTest('conditions', async () => {
  const ada = await makeUser()
  const bob = await makeUser('Bob')
  const a = await makePost(ada, { title: 'Alpha 100%', views: 1, score: 2 })
  const b = await makePost(ada, { title: 'beta_x', views: 2 })
  const c = await makePost(bob, { title: 'Gamma', views: 3, score: 0 })
  const ids = async (condition: Parameters<typeof Post.where<Post>>[0]) =>
    (await Post.where(condition).orderBy('id')).map(({ id }) => id)
  assert.deepEqual(await ids((p) => p.views.gt(1)), [b.id, c.id])
  assert.deepEqual(await ids((p) => p.views.gte(2).and(p.score.isNull())), [b.id])
  assert.deepEqual(await ids((p) => p.views.lt(2).or(p.views.eq(3))), [a.id, c.id])
  assert.deepEqual(await ids((p) => p.views.lte(2).not()), [c.id])
  assert.deepEqual(await ids((p) => p.score.ne(2)), [b.id, c.id])
  assert.deepEqual(await ids((p) => p.score.gt(1).not()), [b.id, c.id])
  assert.deepEqual(await ids((p) => p.score.ne(null)), [a.id, c.id])
  assert.deepEqual(await ids((p) => p.views.in([3, 1, 3])), [a.id, c.id])
  assert.deepEqual(await ids((p) => p.views.in([])), [])
  assert.deepEqual(await ids((p) => p.title.in(['Gamma', "x' or 1=1"])), [c.id])
  assert.deepEqual(await ids((p) => p.title.contains('0%')), [a.id])
  assert.deepEqual(await ids((p) => p.title.contains('a_')), [b.id])
  assert.deepEqual(await ids((p) => p.title.startsWith('BE')), [b.id])
  assert.deepEqual(await ids((p) => p.title.endsWith('mma')), [c.id])
  assert.deepEqual(await ids((p) => p.title.like('%a%')), [a.id, b.id, c.id])
  assert.deepEqual(await ids((p) => p.score.lt(p.views)), [c.id])
  assert.deepEqual(await ids((p) => p.views.plus(1).eq(3)), [b.id])
  assert.deepEqual(await ids((p) => p.author.name.eq('Bob')), [c.id])
  assert.deepEqual(await ids((p) => p.replyTo.author.name.isNull()), [a.id, b.id, c.id])
  assert.deepEqual(await ids({ author: bob }), [c.id])
  assert.deepEqual(await ids({ authorId: ada.id, score: null }), [b.id])
  assert.deepEqual(await ids(() => and()), [a.id, b.id, c.id])
  assert.deepEqual(await ids(() => or()), [])
  assert.deepEqual(await ids((p) => not(or(p.views.eq(1), p.views.eq(2)))), [c.id])
})

modelTest('order, limits, pages', async () => {
  const ada = await makeUser()
  for (let i = 0; i < 7; i++) await makePost(ada, { title: `T${i % 2}`, views: i })
  const views = (rows: Iterable<{ views: number }>) => [...rows].map((row) => row.views)
  assert.deepEqual(views(await Post.orderBy('title', '-views')), [6, 4, 2, 0, 5, 3, 1])
  assert.deepEqual(views(await Post.orderBy((p) => [p.title.desc(), p.views])), [1, 3, 5, 0, 2, 4, 6])
  assert.deepEqual(views(await Post.orderBy('views').offset(5)), [5, 6])
  assert.deepEqual(views(await Post.orderBy('views').limit(2).offset(1)), [1, 2])
  assert.equal(await Post.orderBy('views').limit(2).count(), 2)
  assert.equal(await Post.all().offset(5).count(), 2)
  assert.equal(await Post.all().offset(7).exists(), false)
  assert.equal(await Post.all().limit(0).exists(), false)
  assert.equal(await Post.count(), 7)
  assert.deepEqual(views(await Post.orderBy((p) => p.author.name).limit(2)).length, 2)

  const page = await Post.orderBy('title').page(2, 3)
  assert.deepEqual(views(page), [6, 1, 3])
  assert.deepEqual(
    [page.number, page.pages, page.total, page.previous, page.next, page.first, page.last],
    [2, 3, 7, 1, 3, 4, 6],
  )
  const asked = async (number: number, size?: number) => {
    const got = await Post.all().page(number, size)
    return [got.number, got.size]
  }
  assert.deepEqual(await asked(Number('abc'), 3), [1, 3])
  assert.deepEqual(await asked(-5, 3), [1, 3])
  assert.deepEqual(await asked(1e300, 3), [3, 3])
  assert.deepEqual(await asked(1.9, 3), [1, 3])
  assert.deepEqual(await asked(1, 1e9), [1, 1000])
  assert.throws(() => Post.all().limit(-1), ModelError)
  assert.throws(() => Post.all().limit(Number.NaN), ModelError)
  assert.equal((await Post.all().limit(1).page(1, 3)).total, 7)
  const seen: number[] = []
  for await (const post of Post.orderBy('-views').limit(2)) seen.push(post.views)
  assert.deepEqual(seen, [6, 5])
})

modelTest('relations are loaded with one statement each', async () => {
  const ada = await makeUser()
  const bob = await makeUser('Bob')
  const first = await makePost(ada)
  for (let i = 0; i < 20; i++) {
    await Post.create({
      slug: `r${i}`,
      title: 't',
      body: 'b',
      author: i % 2 ? ada : bob,
      replyTo: i % 3 ? first : null,
    })
  }
  const { result, queries } = await countQueries(() => Post.with('author', 'replyTo.author').orderBy('id').all())
  assert.equal(queries, 4)
  assert.equal(result[1]!.author.name, 'Bob')
  assert.equal(result[1]!.replyTo, null)
  assert.equal(result[2]!.replyTo?.author.name, 'Ada')
  const users = await countQueries(() => User.with('posts.replyTo').orderBy('id').all())
  assert.equal(users.queries, 3)
  assert.deepEqual(
    users.result.map(({ posts }) => posts.length),
    [11, 10],
  )
  assert.deepEqual({ ...users.result[0]!.posts[0] }, { ...first, replyTo: null })
  assert.equal((await countQueries(() => Post.with('author').where({ slug: 'none' }).all())).queries, 1)
  assert.throws(() => Post.with('constructor' as 'author'), ModelError)
})

modelTest('updates and deletes', async () => {
  const ada = await makeUser()
  const bob = await makeUser('Bob')
  const post = await makePost(ada, { views: 5 })
  await makePost(bob)
  assert.equal(await Post.where({ id: post.id }).update((p) => ({ views: p.views.plus(1), title: 'New' })), 1)
  assert.deepEqual([(await Post.get({ id: post.id })).views, (await Post.get({ id: post.id })).title], [6, 'New'])
  assert.equal(await Post.where((p) => p.author.name.eq('Bob')).update({ author: ada, score: null }), 1)
  assert.equal(await Post.where({ author: ada }).count(), 2)
  assert.equal(await Post.orderBy('-id').limit(1).delete(), 1)
  assert.deepEqual(
    (await Post.all()).map(({ id }) => id),
    [post.id],
  )
  await assert.rejects(Post.all().update({}), ModelError)
  await assert.rejects(Post.all().update({ id: 7 }), /database gives the id/)
  await assert.rejects(
    Post.all().update((p) => ({ title: p.author.name })),
    /another row/,
  )
  assert.equal(await User.where({ id: ada.id }).delete(), 1)
  assert.equal(await Post.count(), 0) // cascaded
})

modelTest('an id is not given twice', async () => {
  const { id } = await makeUser()
  await User.where({ id }).delete()
  assert.equal((await makeUser()).id, id + 1)
})

modelTest('what the database refuses names the model and the field', async () => {
  const ada = await makeUser()
  const post = await makePost(ada)
  const refuses = (work: Promise<unknown>, kind: string, model: string, fields: string[]) =>
    assert.rejects(work, (error) => {
      assert.ok(error instanceof ConstraintError, String(error))
      assert.deepEqual([error.kind, error.model, error.fields, error.status], [kind, model, fields, 409])
      return true
    })
  await refuses(User.create({ name: 'B', email: ada.email, password: 'x' }), 'unique', 'User', ['email'])
  const other = await makePost(ada)
  await refuses(Post.where({ id: other.id }).update({ slug: post.slug }), 'unique', 'Post', ['slug'])
  await refuses(Post.create({ slug: 'x', title: 't', body: 'b', authorId: 99 }), 'reference', 'Post', ['author'])
  await refuses(Post.create({ slug: 'x', title: 't', body: 'b', author: ada, replyToId: 98 }), 'reference', 'Post', [
    'replyTo',
  ])
  await Post.where({ id: other.id }).update({ replyTo: post })
  await refuses(Post.where({ id: post.id }).delete(), 'protected', 'Post', [])
})

modelTest('text that no row can have is not found', async () => {
  const ada = await makeUser('Ada')
  await User.where({ id: ada.id }).update({ name: 'Ada \ufffd' })
  for (const pattern of ['\0', 'x\0', '\ud800', '\udfff%']) {
    assert.equal(await User.where((u) => u.name.contains(pattern)).count(), 0, JSON.stringify(pattern))
    assert.equal(await User.where((u) => u.name.like(`%${pattern}`)).count(), 0, JSON.stringify(pattern))
    assert.equal(await User.where((u) => u.name.startsWith(`Ada${pattern}`)).count(), 0, JSON.stringify(pattern))
    const name = `Ada ${pattern}`
    assert.equal(await User.where({ name }).count(), 0, JSON.stringify(pattern))
    assert.equal(await User.where((u) => u.name.in([name])).count(), 0, JSON.stringify(pattern))
    assert.equal(await User.where((u) => u.name.ne(name)).count(), 1, JSON.stringify(pattern))
  }
  assert.equal(await User.where((u) => u.name.in(['Ada \ud800', 'Ada \ufffd'])).count(), 1)
  assert.equal(await User.where((u) => u.name.endsWith('\ufffd')).count(), 1)
  const post = await makePost(ada, { views: -0, score: -0 })
  assert.deepEqual([post.views, post.score], [0, 0], 'a row is what was stored')
})

modelTest('search finds rows that have every word', async () => {
  const ada = await makeUser()
  const a = await makePost(ada, { title: 'The quick brown fox' })
  const b = await makePost(ada, { title: '100% quick' })
  const found = async (text: string) => (await Post.search(text, 'title', 'body').orderBy('id')).map(({ id }) => id)
  assert.deepEqual(await found('QUICK'), [a.id, b.id])
  assert.deepEqual(await found(' fox  quick words '), [a.id])
  assert.deepEqual(await found('%'), [b.id])
  assert.deepEqual(await found('_'), [])
  assert.deepEqual(await found("' or 1=1 --"), [])
  assert.deepEqual(await found(''), [a.id, b.id])
  assert.deepEqual(await found('x '.repeat(100_000)), [a.id]) // the first words of it
})

modelTest('a value that no field would take is looked for and not found', async () => {
  const ada = await makeUser()
  await makePost(ada)
  for (const where of [
    { id: Number('abc') },
    { id: -1 },
    { id: 1.5 },
    { id: Infinity },
    { slug: 'a b' },
    { slug: 'a\0' },
    { slug: '\ud800' },
    { slug: 'x'.repeat(1e5) },
    { state: 'none' as 'draft' },
    { published: new Date(Number.NaN) },
    { day: 'never' },
  ]) {
    assert.equal(await Post.find(where), null, JSON.stringify(where))
  }
  assert.equal(await User.find({ email: 'no address' }), null)
  for (const length of [10, 9_998, 9_999, 100_000]) {
    assert.equal(await Post.where((p) => p.title.contains('%'.repeat(length))).count(), 0)
  }
  assert.equal(await Post.where((p) => p.views.ne(Number.NaN)).count(), 1)
  await assert.rejects(Post.all().update({ title: '\ud800' }), InvalidValueError)
  await assert.rejects(Post.all().update({ views: Number.NaN }), InvalidValueError)
})

modelTest('limits of a database', async () => {
  const database = openDatabase('sqlite::memory:', {
    machine,
    limits: { pageSize: 2, searchWords: 1, searchLength: 3, savepoints: 1, patternLength: 5, depth: 3 },
  })
  await createTables(database, [User, Post])
  await withDatabase(database, async () => {
    const ada = await makeUser()
    for (const title of ['abc', 'abc def', 'xyz']) await makePost(ada, { title })
    assert.equal((await Post.page(1, 50)).size, 2)
    assert.equal(await Post.search('abc nowhere', 'title').count(), 2)
    assert.equal(await Post.search('xyzzy', 'title').count(), 1)
    assert.equal(await Post.where((p) => p.title.contains('abc')).count(), 2)
    assert.equal(await Post.where((p) => p.title.contains('abc ')).count(), 0) // with its two % it is too long
    await assert.rejects(Post.where((p) => p.views.eq(0).not().not()).count(), /nested deeper than 3/)
    await atomic(() => atomic(() => Post.count()))
    await assert.rejects(
      atomic(() => atomic(() => atomic(() => Post.count()))),
      /deeper than 1: /,
    )
  })
})

modelTest('values are bound and objects are never operators', async () => {
  const ada = await makeUser()
  await makePost(ada)
  const nasty = `x'); drop table post; --`
  await Post.create({ slug: 'n', title: nasty, body: nasty, author: ada })
  assert.equal((await Post.get({ title: nasty })).body, nasty)
  const bodies = [
    '{"slug":{"gt":""}}',
    '{"slug":["n"]}',
    '{"slug":{"$ne":null}}',
    '{"slug":true}',
    '{"id":"1 or 1=1"}',
    '{"views":{"toString":"1"}}',
    '{"authorId":{"id":{"id":1}}}',
  ]
  for (const body of bodies)
    await assert.rejects(async () => Post.where(JSON.parse(body)).all(), InvalidValueError, body)
  for (const body of [
    '{"__proto__":1}',
    '{"constructor":1}',
    '{"t.slug":"n"}',
    '{"slug\\" or 1=1 --":"n"}',
    '{"toString":1}',
    '[]',
    '"x"',
    'null',
  ]) {
    await assert.rejects(async () => Post.where(JSON.parse(body)).all(), ModelError, body)
    await assert.rejects(async () => Post.create(JSON.parse(body)), /ModelError|InvalidValueError/, body)
  }
  assert.throws(() => Post.where({ slug: undefined }), InvalidValueError)
  assert.throws(() => Post.orderBy('title; drop table post' as 'title'), ModelError)
  assert.throws(() => Post.orderBy('__proto__' as 'title'), ModelError)
  assert.throws(() => Post.where((p) => (p as unknown as { nope: typeof p.slug }).nope.eq('')), ModelError)
  assert.throws(() => Post.where(() => true as never), ModelError)
  assert.equal(await Post.count(), 2)
})

modelTest('queries are not nested deeper than the limit', async () => {
  const nested = (depth: number) =>
    Post.where((p) => Array.from({ length: depth }).reduce<Condition>((all) => all.not(), p.views.eq(1)))
  assert.equal(await nested(98).count(), 0)
  await assert.rejects(nested(99).count(), /nested deeper than 100: .*limits\.depth/)
  await assert.rejects(nested(100_000).count(), /nested deeper than 100/)
  const sum = (depth: number) =>
    Post.where((p) =>
      Array.from({ length: depth })
        .reduce<Operand<number>>((all) => all.plus(1), p.views)
        .gt(3),
    )
  assert.equal(await sum(98).count(), 0)
  await assert.rejects(sum(99).count(), /nested deeper than 100/)
})

modelTest('models that cannot be tables are refused with the reason', async (database) => {
  class NoId extends Model {
    name = f.text()
  }
  class Odd extends Model {
    id = f.id()
    count = 3
  }
  class Twice extends Model {
    id = f.id()
    author = f.ref(() => User)
    authorId = f.int()
  }
  class Nulls extends Model {
    id = f.id()
    author = f.ref(() => User, { onDelete: 'set null' })
  }
  class Astray extends Model {
    id = f.id()
    posts = f.many(() => Post, 'author')
  }
  for (const [model, why] of [
    [NoId, /has no id/],
    [Odd, /count is not a field/],
    [Twice, /another field/],
    [Nulls, /set null/],
    [Astray, /not a reference to Astray/],
  ] as const) {
    assert.throws(() => new Databases([[database, [model]]]), why)
  }
  class Alone extends Model {
    id = f.id()
  }
  await assert.rejects(Alone.all().all(), /there is no table "alone"/)
})

modelTest('a change of the row outside does not come back through what was given', async () => {
  const ada = await makeUser()
  const tags = ['a']
  const when = new Date(NOON)
  const post = await Post.create({ slug: 's', title: 't', body: '', author: ada, tags, published: when })
  tags.push('b')
  when.setTime(0)
  assert.deepEqual([post.tags, post.published?.getTime()], [['a'], NOON])
})

test('rows are neither ordered by a secret nor searched for it, whoever chose the name', () => {
  for (const name of ['password', '-password']) assert.throws(() => User.orderBy(name as never), /secret/)
  assert.throws(() => User.search('a', 'name', 'password'), /secret/)
})

modelTest('what has no values of its own is not a condition for all rows', async () => {
  await makePost(await makeUser())
  const strange = [
    new Map([['title', 'x']]),
    new Set(),
    new Date(),
    Promise.resolve({ id: 9 }),
    new URL('http://x'),
    [],
    'x',
    7,
  ]
  for (const given of strange) {
    assert.throws(() => Post.where(given as never), ModelError)
    await assert.rejects(async () => Post.all().update(given as never), ModelError)
    await assert.rejects(async () => Post.create(given as never), ModelError)
  }
  assert.throws(() => Post.where(Promise.resolve({ id: 9 }) as never), /not a promise \(await it first\)/)
  const post = await Post.where(Object.assign(Object.create(null), { id: 1 })).get()
  assert.equal(await Post.where({ ...post, created: post.created, tags: [] }).count(), 1)
  assert.equal(await Post.where(post as never).count(), 1) // a row is its values
})

modelTest('a default that is an object is not shared by rows or forms', async () => {
  class Draft extends Model {
    id = f.id()
    list = f.json(strings).default([])
  }
  const { list } = new Draft()
  const first = list.parse('').value!
  first.push('changed')
  assert.deepEqual([list.parse('').value, list.standard()], [[], []])
})

modelTest('an update takes an object', async () => {
  for (const given of [null, undefined, 7, 'title'])
    await assert.rejects(async () => Post.all().update(given as never), ModelError)
})
