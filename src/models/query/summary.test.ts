/** What is computed along with rows, and of many rows, against plain JavaScript. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ModelError } from '../index.ts'
import { makePost, makeUser, modelTest, Post, User } from '../trial/fixture.ts'

const rowsOf = fc.array(
  fc.record({
    views: fc.integer({ min: 0, max: 4 }),
    score: fc.option(fc.constantFrom(-1.5, 0, 0.25, 2)),
    author: fc.constantFrom(0, 1),
  }),
  { maxLength: 12 },
)

modelTest('groups, aggregates and having are what JavaScript computes', async () => {
  const users = [await makeUser('Ada'), await makeUser('Bob')]
  await fc.assert(
    fc.asyncProperty(rowsOf, fc.integer({ min: 0, max: 3 }), async (rows, least) => {
      await Post.all().delete()
      for (const { views, score, author } of rows) await makePost(users[author]!, { views, score })
      const groups = Map.groupBy(rows, ({ author, views }) => `${users[author]!.name} ${views * 2}`)
      const expected = [...groups.entries()]
        .filter(([, group]) => group.length >= least)
        .map(([key, group]) => {
          const scores = group.flatMap(({ score }) => score ?? [])
          const sum = scores.reduce<number>((total, score) => total + score, 0)
          const none = scores.length === 0
          return {
            key,
            rows: group.length,
            scores: scores.length,
            sum: none ? null : sum,
            avg: none ? null : sum / scores.length,
            min: none ? null : Math.min(...scores),
            max: none ? null : Math.max(...scores),
            points: group.reduce<number>((total, { views }) => total + views + 1, 0),
          }
        })
      const found = await Post.all()
        .summarize((p) => ({
          author: p.author.name,
          doubled: p.views.times(2),
          rows: p.id.count(),
          scores: p.score.count(),
          sum: p.score.sum(),
          avg: p.score.avg(),
          min: p.score.min(),
          max: p.score.max(),
          points: p.views.plus(1).sum(),
        }))
        .having((p) => p.id.count().gte(least))
      const keyed = found.map(({ author, doubled, ...rest }) => ({ key: `${author} ${doubled}`, ...rest }))
      const by = (a: { key: string }, b: { key: string }) => (a.key < b.key ? -1 : 1)
      assert.deepEqual(keyed.sort(by), expected.sort(by))
    }),
    { numRuns: 60 },
  )
})

modelTest('without groups there is one row, whatever there is', async () => {
  const all = () =>
    Post.all().summarize((p) => ({ posts: p.id.count(), views: p.views.sum(), last: p.published.max() }))
  assert.deepEqual(await all(), [{ posts: 0, views: null, last: null }])
  const ada = await makeUser()
  await makePost(ada, { views: 3 })
  const published = new Date(5000)
  await Post.create({ slug: 's', title: 't', body: '', author: ada, views: 4, published })
  assert.deepEqual(await all(), [{ posts: 2, views: 7, last: published }])
  const [one] = await Post.where((p) => p.views.gt(3)).summarize((p) => ({ ratio: p.views.sum().times(0.5) }))
  assert.deepEqual(one, { ratio: 2 })
})

modelTest('a summary is ordered and limited', async () => {
  const ada = await makeUser('Ada')
  for (const views of [1, 1, 1, 2, 2, 3]) await makePost(ada, { views })
  const counts = Post.all().summarize((p) => ({ views: p.views, posts: p.id.count() }))
  const sorted = counts.orderBy((p) => [p.id.count().desc(), p.views])
  assert.deepEqual(await sorted.limit(2), [
    { views: 1, posts: 3 },
    { views: 2, posts: 2 },
  ])
  const distinct = await Post.all()
    .summarize((p) => ({ state: p.state, pinned: p.pinned }))
    .orderBy((p) => p.state)
  assert.deepEqual(distinct, [{ state: 'draft', pinned: false }])
})

modelTest('what is computed stands beside the fields', async () => {
  const ada = await makeUser()
  await makePost(ada, { views: 3, score: 1.5 })
  const found = await Post.with('author')
    .annotate((p) => ({ left: p.views.minus(10), name: p.author.name }))
    .annotate((p) => ({ total: p.score.plus(p.views) }))
    .where((p) => p.views.gt(2))
    .get()
  assert.deepEqual([found.left, found.name, found.total, found.views, found.author.name], [-7, 'Ada', 4.5, 3, 'Ada'])
  assert.equal(found.excerpt(), 'A tit')
  assert.equal(JSON.parse(JSON.stringify(found)).left, -7)
  assert.equal(
    (
      await Post.all()
        .annotate((p) => ({ x: p.score.times(2) }))
        .first()
    )?.x,
    3,
  )
  assert.equal(
    await Post.all()
      .annotate((p) => ({ x: p.score }))
      .count(),
    1,
  )
})

modelTest('what cannot be meant is said', async () => {
  const refuses = async (query: () => unknown, why: RegExp) =>
    assert.rejects(
      async () => await query(),
      (error) => error instanceof ModelError && why.test(error.message),
    )
  await refuses(
    () => Post.where((p) => p.views.sum().gt(3)).all(),
    /sum\(\) is computed from many rows: use it in summarize/,
  )
  await refuses(() => Post.orderBy((p) => p.views.max()).all(), /max\(\) is computed from many rows/)
  await refuses(
    () =>
      Post.all()
        .annotate((p) => ({ x: p.views.count() }))
        .all(),
    /count\(\) is computed from many rows/,
  )
  await refuses(
    () => Post.where((p) => p.id.gt(1)).update((p) => ({ views: p.views.max() as never })),
    /computed from many rows/,
  )
  await refuses(
    () => Post.all().annotate((p) => ({ title: p.views })),
    /Post already has a field, relation or method named title/,
  )
  await refuses(() => Post.all().annotate((p) => ({ author: p.views })), /relation or method named author/)
  await refuses(() => Post.all().annotate((p) => ({ excerpt: p.views })), /method named excerpt/)
  await refuses(() => Post.all().annotate((p) => ({ toString: p.views })), /method named toString/)
  await refuses(
    () => Post.all().annotate(() => ({ x: 5 as never })),
    /x must be a column or computed from columns, not a number/,
  )
  await refuses(() => Post.all().annotate((async () => ({})) as never), /needs an object of values, not a promise/)
  await refuses(() => User.all().annotate((u) => ({ x: u.password })), /secret/)
  await refuses(() => User.all().summarize((u) => ({ x: u.password.max() })), /secret/)
  await refuses(
    () =>
      Post.all()
        .limit(3)
        .summarize((p) => ({ x: p.views })),
    /call limit\(\) after summarize\(\)/,
  )
  await refuses(() => Post.all().summarize(() => ({})), /computes nothing/)
  await refuses(() => User.where((u) => (u as never as { posts: typeof u.id }).posts.gt(1)), /leads to many rows/)
})

modelTest('what is computed past 2^53 is rounded, and hides nothing', async () => {
  const author = await makeUser()
  const most = Number.MAX_SAFE_INTEGER
  const sum = async () => (await Post.all().summarize((p) => ({ sum: p.views.sum(), most: p.views.max() })))[0]
  await makePost(author, { views: most })
  assert.deepEqual(await sum(), { sum: most, most })
  await makePost(author, { views: most })
  assert.deepEqual(await sum(), { sum: 2 * most, most })
  // 2^63 is where SQLite's whole numbers end: one visitor's values must not stop the report of all.
  for (let i = 2; i < 1100; i++) await makePost(author, { views: most })
  assert.deepEqual(await sum(), { sum: 1100 * most, most })
  const rows = await Post.all()
    .annotate((p) => ({ next: p.views.plus(p.id), square: p.views.times(p.views) }))
    .orderBy('id')
    .limit(1)
  assert.deepEqual([rows[0]?.next, rows[0]?.square], [most + 1, most * most])
})

test('nothing is asked before a summary is awaited', () => {
  Post.all().summarize((p) => ({ x: p.views })) // no database surrounds this
})
