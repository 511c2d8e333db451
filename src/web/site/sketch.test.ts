/** The first application that anybody writes: routes, models, templates, users, forms, all together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordingLog } from '../../base/events.ts'
import { testMachine } from '../../http/trial/machine.ts'
import {
  app,
  atomic,
  ConstraintError,
  f,
  form,
  login,
  Model,
  ObjectLoader,
  type Row,
  Templates,
  testClient,
  urls,
  verifyPassword,
} from '../index.ts'

const to = urls({
  home: '/',
  signUp: '/signup',
  signIn: '/signin',
  posts: { create: '/posts/new', show: '/posts/{slug:slug}', edit: '/posts/{id:int}/edit' },
})

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
  author = f.ref(() => User, { onDelete: 'cascade' })
}

const pages = {
  'base.html':
    '<!doctype html><title>{% block title %}Board{% endblock %}</title>{% for m in flashes %}<p>{{ m.text }}</p>{% endfor %}{% if user %}<b>{{ user.name }}</b>{% endif %}{% block main %}{% endblock %}',
  'home.html':
    '{% extends "base.html" %}{% block main %}{% for post in posts %}<a href="{{ url(\'posts.show\', slug=post.slug) }}">{{ post.title }}</a> by {{ post.author.name }}{% endfor %}{% endblock %}',
  'show.html':
    '{% extends "base.html" %}{% block title %}{{ post.title }}{% endblock %}{% block main %}<h1>{{ post.title }}</h1>{{ post.body }} {{ by }}{% endblock %}',
  'form.html':
    '{% extends "base.html" %}{% block main %}<form method="post">{{ form }}<button>Send</button></form>{% endblock %}',
}

function board() {
  const events = new RecordingLog()
  const machine = testMachine('web', events)
  const site = app({
    users: User,
    models: [User, Post],
    db: 'sqlite::memory:',
    templates: new Templates(new ObjectLoader(pages), { debug: true }),
    secret: 'a secret of more than thirty-two characters',
    login: to.signIn,
    machine,
    log: ({ error }) => assert.fail(error as Error),
  })

  site.get(to.home, async (c) => {
    const posts = await Post.with('author')
      .orderBy((p) => p.id.desc())
      .page(Number(c.query.get('page') ?? 1), 20)
    return c.render('home.html', { posts })
  })
  site.get(to.posts.show, async (c) => {
    const post = await Post.with('author').get({ slug: c.params.slug })
    return c.render('show.html', { post, by: post.author.name })
  })

  const signUp = form(User, 'email', 'name', 'password')
  site.get(to.signUp, async (c) => c.render('form.html', { form: await c.form(signUp) }))
  site.post(to.signUp, async (c) => {
    const sent = await c.form(signUp)
    if (!sent.ok) return c.render('form.html', { form: sent }, { status: 422 })
    try {
      login(c, await User.create(sent.data))
    } catch (error) {
      return c.render('form.html', { form: sent.withErrorOf(error) }, { status: 422 })
    }
    c.flash('Welcome!')
    return c.redirect(c.returnTo(to.home()))
  })

  const signIn = form({ email: f.email(), password: f.password() })
  site.any(to.signIn, async (c) => {
    const sent = await c.form(signIn)
    if (!sent.ok) return c.render('form.html', { form: sent })
    const user = await User.find({ email: sent.data.email })
    if (!(await verifyPassword(sent.data.password, user?.password ?? null)) || user === null)
      return c.render('form.html', { form: sent.withError('', 'No such user, or another password.') }, { status: 422 })
    login(c, user)
    return c.redirect(c.returnTo(to.home()))
  })

  site.signedIn((r) => {
    const posting = form(Post, 'title', 'slug', 'body')
    r.get(to.posts.create, async (c) => c.render('form.html', { form: await c.form(posting) }))
    r.post(to.posts.create, async (c) => {
      const sent = await c.form(posting)
      if (!sent.ok) return c.render('form.html', { form: sent }, { status: 422 })
      const author: Row<User> = c.user
      const post = await atomic(() => Post.create({ ...sent.data, author }))
      return c.redirect(to.posts.show({ slug: post.slug }))
    })
  })
  return { site, events, web: testClient(site) }
}

test('somebody signs up, writes, is read, comes back', async () => {
  const { site, web, events } = board()
  await site.createTables()
  assert.equal((await web.get(to.posts.create())).location, '/signin?next=%2Fposts%2Fnew')
  const person = { email: 'ada@example.org', name: 'Ada <3', password: 'correct horse' }
  assert.equal((await web.submit(to.signUp(), { ...person, email: 'none' })).status, 422)
  const signedUp = await web.submit(to.signUp(), person, { follow: true })
  assert.match(signedUp.text, /<p>Welcome!<\/p><b>Ada &lt;3<\/b>/)
  const stored = await site.run(() => User.get({ email: person.email }))
  assert.notEqual(stored.password, person.password)

  const taken = await testClient(site).submit(to.signUp(), person)
  assert.deepEqual([taken.status, /taken already/.test(taken.text)], [422, true])

  const post = { title: '<script>alert(1)</script>', slug: 'first', body: 'Hello & "welcome"' }
  assert.equal((await web.submit(to.posts.create(), { ...post, slug: 'no slug!' })).status, 422)
  const written = await web.submit(to.posts.create(), post)
  assert.deepEqual([written.status, written.location], [303, '/posts/first'])
  await assert.rejects(
    site.run(async () => Post.create({ ...post, author: await User.get({ id: 1 }) })),
    ConstraintError,
  )

  const visitor = testClient(site)
  const shown = await visitor.get(to.posts.show({ slug: 'first' }))
  assert.match(shown.text, /<h1>&lt;script&gt;alert\(1\)&lt;\/script&gt;<\/h1>Hello &amp; /)
  assert.doesNotMatch(shown.text, /<script/)
  assert.match((await visitor.get('/?page=1')).text, /<a href="\/posts\/first">/)
  assert.equal((await visitor.get('/posts/none')).status, 404)
  const { email, password } = person
  assert.equal((await visitor.submit(to.signIn(), { email, password: 'wrong horse' })).status, 422)
  assert.equal((await visitor.submit(`${to.signIn()}?next=/posts/first`, { email, password })).location, '/posts/first')
  assert.match((await visitor.get('/')).text, /<b>Ada/)

  // The log has route, SQL and template of one request under one id.
  events.events.length = 0
  await visitor.get('/')
  const seen = events.events.map(({ type, exchange }: { type: string; exchange?: number }) => ({ type, exchange }))
  assert.equal(new Set(seen.map(({ exchange }) => exchange)).size, 1)
  for (const type of ['web.route', 'models.sql', 'templates.rendered', 'web.done'])
    assert.ok(
      seen.some((one) => one.type === type),
      type,
    )
})
