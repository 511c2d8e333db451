/**
 * What the framework costs over the same thing written by hand: templates beside string concatenation, models beside
 * bare node:sqlite, a whole page beside both. CPU µs for each, ours and the peer's turn about, medians of the turns.
 */
import { DatabaseSync } from 'node:sqlite'
import { systemMachine } from '../../src/kernel/index.ts'
import { app, escapeHtml, f, Model, ObjectLoader, Templates } from '../../src/web/index.ts'
import { type Pair, printPairs } from './pairs.ts'
import { measured } from './turns.ts'

const POSTS = 1000
const AUTHORS = 50
const PAGE = 20

class Author extends Model {
  id = f.id()
  name = f.text(80)
}

class Post extends Model {
  id = f.id()
  title = f.text(120)
  body = f.text(10_000)
  created = f.datetime()
  author = f.ref(() => Author)
}

interface Shown {
  readonly id: number
  readonly title: string
  readonly body: string
  readonly author: { readonly name: string }
}

const site = app({ db: 'sqlite::memory:', models: [Author, Post], machine: systemMachine() })
await site.createTables()
await site.run(compare)

async function compare() {
  const bare = new DatabaseSync(':memory:')
  bare.exec(`create table author (id integer primary key, name text not null) strict;
create table post (id integer primary key, title text not null, body text not null, created integer not null,
  author_id integer not null references author (id)) strict;`)
  const [addAuthor, addPost] = [
    bare.prepare('insert into author (name) values (?)'),
    bare.prepare('insert into post (title, body, created, author_id) values (?, ?, ?, ?)'),
  ]
  for (let i = 1; i <= AUTHORS; i++) {
    await Author.create({ name: `Author <${i}>` })
    addAuthor.run(`Author <${i}>`)
  }
  for (let i = 1; i <= POSTS; i++) {
    const [title, body, author] = [`Post number ${i} & more`, `Words with "quotes". `.repeat(10), (i % AUTHORS) + 1]
    await Post.create({ title, body, created: new Date(i * 1000), author })
    addPost.run(title, body, i * 1000, author)
  }

  const templates = new Templates(
    new ObjectLoader({
      'base.html':
        '<!doctype html><html><title>{% block title %}{% endblock %}</title><body>{% block main %}{% endblock %}</body></html>',
      'list.html': `{% extends "base.html" %}{% block title %}Posts{% endblock %}{% block main %}{% for post in posts %}
  <article id="post-{{ post.id }}"><h2><a href="/posts/{{ post.id }}">{{ post.title }}</a></h2>
  <p>{{ post.author.name }}</p><p>{{ post.body }}</p></article>{% endfor %}{% endblock %}`,
    }),
  )

  function byHand(posts: readonly Shown[]): string {
    let html = '<!doctype html><html><title>Posts</title><body>'
    for (const post of posts)
      html += `
  <article id="post-${post.id}"><h2><a href="/posts/${post.id}">${escapeHtml(post.title)}</a></h2>
  <p>${escapeHtml(post.author.name)}</p><p>${escapeHtml(post.body)}</p></article>`
    return `${html}</body></html>`
  }

  // `+ 0`: a bare parameter there makes SQLite plan the statement anew with every call, which is no fair peer.
  const getBare = bare.prepare('select id, title, body, created, author_id from post where id = ?')
  const listBare = bare.prepare(
    'select id, title, body, created, author_id from post order by id desc limit ? + 0 offset ? + 0',
  )
  const joinBare = bare.prepare(
    `select post.id, title, body, created, author_id, author.name from post join author on author.id = author_id
   order by post.id desc limit ? + 0 offset ? + 0`,
  )
  const insertBare = bare.prepare('insert into author (name) values (?)')

  type BareRow = { id: number; title: string; body: string; created: number; author_id: number; name: string }
  const dated = (row: BareRow) => ({
    ...row,
    created: new Date(row.created),
    author: { id: row.author_id, name: row.name },
  })
  const listByHand = (offset: number) => (joinBare.all(PAGE, offset) as unknown as BareRow[]).map(dated)
  const listOfModels = (offset: number) => Post.with('author').orderBy('-id').limit(PAGE).offset(offset)

  const shown = await listOfModels(0)
  if (templates.render('list.html', { posts: shown }) !== byHand(shown)) throw new Error('the pages compared differ')
  let n = 0
  const next = () => (n = (n + 7) % (POSTS - PAGE)) + 1

  const pairs: Pair[] = [
    await measured('page of 20 posts: template / concatenation', 400, {
      ours: () => templates.render('list.html', { posts: shown }),
      peer: () => byHand(shown),
    }),
    await measured('Model.get / prepared statement', 2000, {
      ours: () => Post.get({ id: next() }),
      peer: () => dated(getBare.get(next()) as BareRow),
    }),
    await measured('20 rows in order / prepared statement', 400, {
      ours: () => Post.orderBy('-id').limit(PAGE).offset(next()),
      peer: () => (listBare.all(PAGE, next()) as unknown as BareRow[]).map(dated),
    }),
    await measured('20 rows with their authors / join', 400, {
      ours: () => listOfModels(next()),
      peer: () => listByHand(next()),
    }),
    await measured('Model.create / prepared insert', 2000, {
      ours: () => Author.create({ name: 'somebody' }),
      peer: () => insertBare.run('somebody'),
    }),
    await measured('rows and page together / by hand', 300, {
      ours: async () => templates.render('list.html', { posts: await listOfModels(next()) }),
      peer: () => byHand(listByHand(next())),
    }),
  ]

  printPairs(pairs, process.argv.includes('--json'))
}
