/** What the type checker must refuse, and with it what it must accept: `tsc` is the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CreateInput, f, Model, type Row, type RowOf } from './index.ts'
import { strings } from './trial/fixture.ts'

class User extends Model {
  id = f.id()
  email = f.email().unique()
  name = f.text(80)
  password = f.password()
  posts = f.many(() => Post, 'author')
}

class Post extends Model {
  id = f.id()
  slug = f.slug().unique()
  title = f.text(200)
  body = f.text()
  views = f.int().default(0)
  state = f.choice(['draft', 'public']).default('draft')
  published = f.datetime().null()
  score = f.number().null()
  tags = f.json(strings)
  extra = f.json().null()
  author = f.ref(() => User, { onDelete: 'cascade' })
  replyTo = f.ref(() => Post).null()
  replies = f.many(() => Post, 'replyTo')
  readers = f.many(() => Reader, 'post')

  excerpt(this: Row<Post>): string {
    return this.title.slice(0, 20)
  }

  greet(name: string): string {
    return `Hello, ${name}`
  }
}

// Two models that have many of each other, and of themselves.
class Reader extends Model {
  id = f.id()
  post = f.ref(() => Post)
  favourite = f.ref(() => Post).null()
  friends = f.many(() => Reader, 'friend')
  friend = f.ref(() => Reader).null()
}

/** Whether two types are the same, which assignability alone does not say. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Same<A, B>): void => {}

// Never called: none of this needs to run.
async function accepted(slug: string, user: Row<User>) {
  const post = await Post.get({ slug })
  same<typeof post.title, string>(true)
  same<typeof post.published, Date | null>(true)
  same<typeof post.state, 'draft' | 'public'>(true)
  same<typeof post.authorId, number>(true)
  same<typeof post.replyToId, number | null>(true)
  same<ReturnType<typeof post.excerpt>, string>(true)

  const full = await Post.with('author', 'replyTo.author').get({ slug })
  same<typeof full.author.name, string>(true)
  same<NonNullable<typeof full.replyTo>['author']['email'], string>(true)
  const [first] = await User.with('posts')
  same<NonNullable<typeof first>['posts'][number]['slug'], string>(true)
  same<RowOf<typeof Post>['title'], string>(true)
  same<typeof post.tags, string[]>(true)
  same<typeof post.extra, unknown>(true)
  same<ReturnType<typeof post.greet>, string>(true)
  const [reader] = await Post.with('readers.friends')
  same<NonNullable<typeof reader>['readers'][number]['friends'][number]['postId'], number>(true)

  const [annotated] = await Post.with('author').annotate((p) => ({ left: p.views.minus(1), half: p.score.times(0.5) }))
  same<NonNullable<typeof annotated>['left'], number>(true)
  same<NonNullable<typeof annotated>['half'], number | null>(true)
  same<NonNullable<typeof annotated>['author']['name'], string>(true)
  const [summary] = await Post.all().summarize((p) => ({
    who: p.author.name,
    posts: p.id.count(),
    last: p.published.max(),
  }))
  same<NonNullable<typeof summary>, { who: string; posts: number; last: Date | null }>(true)

  await Post.create({ slug, title: 't', body: 'b', tags: [], author: user })
  await Post.create({
    slug,
    title: 't',
    body: 'b',
    tags: ['a'],
    authorId: 1,
    views: 3,
    replyTo: null,
    published: new Date(),
  })
  await Post.where((p) => p.published.lt(new Date()).and(p.author.name.eq('Ada'))).orderBy(
    (p) => p.published.desc(),
    '-views',
  )
  await Post.where({ author: user, replyToId: null }).update((p) => ({
    views: p.views.plus(1),
    score: p.score.plus(p.views),
  }))
  await Post.search('words', 'title', 'body').page(1)
}

async function refused(slug: string, user: Row<User>) {
  const post = await Post.get({ slug })
  // @ts-expect-error: not loaded; did you mean authorId?
  post.author
  // @ts-expect-error: the other relation was loaded
  ;(await Post.with('replyTo').get({ slug })).author
  // @ts-expect-error: may be null
  ;(await Post.with('replyTo').get({ slug })).replyTo.title
  // @ts-expect-error: no such field
  Post.where({ nope: 1 })
  // @ts-expect-error: no operators in objects
  Post.where({ views: { gt: 3 } })
  // @ts-expect-error: a text
  Post.where({ title: 3 })
  // @ts-expect-error: name and password are missing
  User.create({ email: 'ada@example.org' })
  // @ts-expect-error: the author is missing
  Post.create({ slug, title: 't', body: 'b', tags: [] })
  // @ts-expect-error: a number
  Post.where((p) => p.views.gt('3'))
  // @ts-expect-error: numbers have no text in them
  Post.where((p) => p.views.contains('3'))
  // @ts-expect-error: texts are not added up
  Post.where({ slug }).update((p) => ({ title: p.title.plus(1) }))
  // @ts-expect-error: no such relation
  Post.with('autor')
  // @ts-expect-error: no such relation of the author
  Post.with('author.boss')
  // @ts-expect-error: no such field
  Post.all().orderBy('titel')
  // @ts-expect-error: one of the choices
  Post.where({ slug }).update({ state: 'secret' })
  // @ts-expect-error: JavaScript's own comparison makes no condition
  Post.where((p) => p.views > 3)
  // @ts-expect-error: the reference is called author
  f.many(() => Post, 'autor')
  // @ts-expect-error: a field, and no reference
  f.many(() => Post, 'title')
  // @ts-expect-error: the many of the other model, and no reference
  f.many(() => Post, 'readers')
  const copy = { ...post }
  copy.title.slice(0, copy.id)
  // @ts-expect-error: a copy has no methods
  copy.excerpt()
  // @ts-expect-error: not even those that ask nothing of the row
  copy.greet('you')
  // @ts-expect-error: nobody knows what is in it
  post.extra.anything
  // @ts-expect-error: what may be null makes null
  Post.where({ slug }).update((p) => ({ views: p.score.plus(1) }))
  // @ts-expect-error: JSON of another type
  Post.where({ slug }).update({ tags: [5] })
  const [annotated] = await Post.all().annotate((p) => ({ left: p.views.minus(1) }))
  // @ts-expect-error: no such annotation
  annotated?.right
  // @ts-expect-error: texts are not added up
  Post.all().summarize((p) => ({ x: p.title.sum() }))
  // @ts-expect-error: a row of the wrong shape
  Post.create({ slug, title: 't', body: 'b', tags: [], author: user.name })
  const input: CreateInput<User> = { email: 'e', name: 'n', password: 'p' }
  // @ts-expect-error: no such field
  input.nope
}

test('the types of models compile', () => {
  for (const checked of [accepted, refused]) assert.equal(typeof checked, 'function')
})
