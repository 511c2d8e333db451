/** Conditions, orders and pages against plain JavaScript over the same rows. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { type Columns, type Condition, type Database, type Operand, type Row, withDatabase } from '../index.ts'
import { freshDatabase, makeUser, modelTest, Post, User } from '../trial/fixture.ts'

type Full = Row<Post, 'author' | 'replyTo'>
type Test = (row: Full) => boolean
/** A condition for the database, and what it means. */
interface Case {
  readonly make: (p: Columns<Post>) => Condition
  readonly test: Test
  readonly text: string
}

let rows: Full[]
let database: Database
const inside = (name: string, run: () => Promise<void>) => test(name, () => withDatabase(database, run))

before(async () => {
  database = await freshDatabase()
  await withDatabase(database, fill)
})

async function fill() {
  const users = [await makeUser('Ada'), await makeUser('Bob')]
  const titles = ['', 'a', 'B', 'ab%', 'A_b', 'ü\\', "'", '100%']
  for (let i = 0; i < 40; i++) {
    await Post.create({
      slug: `s${i}`,
      title: titles[i % titles.length]!,
      body: titles[(i * 3 + 1) % titles.length]!,
      author: users[i % 2]!,
      views: (i * 7) % 5,
      score: i % 3 === 0 ? null : (i % 4) - 1.5,
      pinned: i % 4 === 1,
      published: i % 5 === 0 ? null : new Date((i % 6) * 1000),
      replyToId: i % 3 === 2 ? i - 1 : null,
    })
  }
  rows = await Post.with('author', 'replyTo').orderBy('id')
}

const compare: { readonly [operator: string]: (a: never, b: never) => boolean } = {
  eq: (a: unknown, b: unknown) => a === b,
  ne: (a: unknown, b: unknown) => a !== b,
  lt: (a: number, b: number) => a !== null && a < b,
  lte: (a: number, b: number) => a !== null && a <= b,
  gt: (a: number, b: number) => a !== null && a > b,
  gte: (a: number, b: number) => a !== null && a >= b,
}
/** SQLite's LIKE without its wildcards: both cases of ASCII letters. */
const fold = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
const time = (value: unknown) => (value instanceof Date ? value.getTime() : value)

const properties: { readonly [name: string]: fc.Arbitrary<unknown> } = {
  views: fc.integer({ min: -1, max: 5 }),
  score: fc.constantFrom(-1.5, -0.5, 0, 0.5, 1.5),
  title: fc.constantFrom('', 'a', 'B', 'ab%', 'zz'),
  published: fc.integer({ min: 0, max: 6 }).map((seconds) => new Date(seconds * 1000)),
  replyToId: fc.integer({ min: 1, max: 41 }),
  pinned: fc.boolean(),
}

const comparison = fc.constantFrom(...Object.keys(properties)).chain((name) =>
  fc.tuple(fc.constantFrom(...Object.keys(compare)), properties[name]!).map(
    ([operator, value]): Case => ({
      make: (p) =>
        (p as unknown as { [name: string]: { [method: string]: (value: unknown) => Condition } })[name]![operator]!(
          value,
        ),
      test: (row) => compare[operator]!(time(row[name as 'views']) as never, time(value) as never),
      text: `${name} ${operator} ${String(time(value))}`,
    }),
  ),
)
const nulls = fc.constantFrom<'score' | 'published' | 'replyToId'>('score', 'published', 'replyToId').map(
  (name): Case => ({
    make: (p) => (p[name] as Operand<unknown>).isNull(),
    test: (row) => row[name] === null,
    text: `${name} null`,
  }),
)
const likes = fc
  .tuple(
    fc.constantFrom<'title' | 'body'>('title', 'body'),
    fc.constantFrom<'contains' | 'startsWith' | 'endsWith'>('contains', 'startsWith', 'endsWith'),
    fc.constantFrom('', 'a', 'B', '%', '_', '\\', "'", 'ab'),
  )
  .map(([name, how, text]): Case => {
    const js = { contains: 'includes', startsWith: 'startsWith', endsWith: 'endsWith' } as const
    return {
      make: (p) => p[name][how](text),
      test: (row) => fold(row[name])[js[how]](fold(text)),
      text: `${name} ${how} ${text}`,
    }
  })
const others = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }).map(
    (values): Case => ({
      make: (p) => p.views.in(values),
      test: (row) => values.includes(row.views),
      text: `views in ${values}`,
    }),
  ),
  fc.constantFrom('Ada', 'Bob').map(
    (name): Case => ({
      make: (p) => p.author.name.eq(name),
      test: (row) => row.author.name === name,
      text: `author ${name}`,
    }),
  ),
  fc.integer({ min: 0, max: 5 }).map(
    (n): Case => ({
      make: (p) => p.replyTo.views.gt(n),
      test: (row) => row.replyTo !== null && row.replyTo.views > n,
      text: `reply to > ${n}`,
    }),
  ),
  fc.integer({ min: -2, max: 5 }).map(
    (n): Case => ({
      make: (p) => p.views.times(2).lt(p.id.minus(n)),
      test: (row) => row.views * 2 < row.id - n,
      text: `views * 2 < id - ${n}`,
    }),
  ),
)
const { condition } = fc.letrec<{ condition: Case }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 4 },
    comparison,
    nulls,
    likes,
    others,
    fc.tuple(tie('condition'), tie('condition')).map(
      ([a, b]): Case => ({
        make: (p) => a.make(p).and(b.make(p)),
        test: (row) => a.test(row) && b.test(row),
        text: `(${a.text} and ${b.text})`,
      }),
    ),
    fc.tuple(tie('condition'), tie('condition')).map(
      ([a, b]): Case => ({
        make: (p) => a.make(p).or(b.make(p)),
        test: (row) => a.test(row) || b.test(row),
        text: `(${a.text} or ${b.text})`,
      }),
    ),
    tie('condition').map(
      (a): Case => ({ make: (p) => a.make(p).not(), test: (row) => !a.test(row), text: `not ${a.text}` }),
    ),
  ),
}))

inside('where finds what the same condition finds in JavaScript', async () => {
  await fc.assert(
    fc.asyncProperty(condition, async ({ make, test: holds, text }) => {
      const expected = rows.filter(holds).map(({ id }) => id)
      const found = Post.where(make)
      assert.deepEqual(
        (await found.orderBy('id')).map(({ id }) => id),
        expected,
        text,
      )
      assert.equal(await found.count(), expected.length, text)
      assert.equal(await found.exists(), expected.length > 0, text)
    }),
    { numRuns: 400 },
  )
})

inside('orders, limits and pages are those of a stable sort', async () => {
  const by = fc.uniqueArray(
    fc.constantFrom<'views' | 'score' | 'title' | 'published'>('views', 'score', 'title', 'published'),
    { minLength: 1, maxLength: 3 },
  )
  const key = (value: unknown) => (value === null ? Number.NEGATIVE_INFINITY : (time(value) as number))
  await fc.assert(
    fc.asyncProperty(
      by,
      fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      fc.integer({ min: 1, max: 15 }),
      fc.integer({ min: -1, max: 60 }),
      async (names, down, size, number) => {
        const sorted = [...rows].sort((a, b) => {
          for (const [i, name] of names.entries()) {
            const [x, y] =
              name === 'title'
                ? [Buffer.from(a.title).toString('hex'), Buffer.from(b.title).toString('hex')]
                : [key(a[name]), key(b[name])]
            if (x !== y) return (x < y ? -1 : 1) * (down[i] ? -1 : 1)
          }
          return a.id - b.id
        })
        const query = Post.all().orderBy(...names.map((name, i) => (down[i] ? (`-${name}` as const) : name)))
        const page = await query.page(number, size)
        const at = Math.min(Math.max(1, number), Math.ceil(40 / size))
        assert.deepEqual(
          page.items.map(({ id }) => id),
          sorted.slice((at - 1) * size, at * size).map(({ id }) => id),
        )
        assert.equal((await query.first())?.id, sorted[0]!.id)
      },
    ),
    { numRuns: 100 },
  )
})

modelTest('an update changes what the same condition finds, a delete too', async () => {
  const ada = await makeUser()
  await User.create({ email: 'z@example.org', name: 'Zoe', password: 'x' })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 12 }),
      fc.integer({ min: 0, max: 9 }),
      async (views, limit) => {
        await Post.all().delete()
        for (const [i, n] of views.entries())
          await Post.create({ slug: `u${i}`, title: 't', body: '', author: ada, views: n })
        const touched = await Post.where((p) => p.views.gt(limit).and(p.author.name.eq('Ada'))).update((p) => ({
          views: p.views.minus(limit),
        }))
        assert.equal(touched, views.filter((n) => n > limit).length)
        const changed = views.map((n) => (n > limit ? n - limit : n))
        assert.deepEqual(
          (await Post.orderBy('id')).map((row) => row.views),
          changed,
        )
        assert.equal(await Post.where({ views: limit }).delete(), changed.filter((n) => n === limit).length)
      },
    ),
    { numRuns: 40 },
  )
})
