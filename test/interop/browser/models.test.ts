/**
 * Models in a real browser: the floor is bundled without a module of Node, and a page reads and writes rows through a
 * driver of its own, which hands each statement to SQLite here.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'
import { openDatabase, type Statement } from '../../../src/models/index.ts'
import { commandPath, needCommand } from '../../need.ts'

const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking']

const PAGE = `
import { createTables, Databases, describe, f, MODEL_LIMITS, Model, openDatabase, sqliteDialect, withDatabase } from './index.ts'

class User extends Model {
  id = f.id()
  name = f.text(20)
  posts = f.many(() => Post, 'author')
}
class Post extends Model {
  id = f.id()
  views = f.int({ max: 9 }).default(1)
  author = f.ref(() => User)
}

const database = {
  name: 'remote',
  limits: MODEL_LIMITS,
  dialect: sqliteDialect,
  run: (statement) => globalThis.runHere(statement),
  begin: async () => ({
    run: (statement) => globalThis.runHere(statement),
    commit: async () => {},
    rollback: async () => {},
  }),
  violation: () => null,
}
const here = (work) => withDatabase(database, work)

globalThis.run = async () => {
  const ada = await here(() => User.create({ name: 'Ada' }))
  await here(() => Post.create({ author: ada }))
  await here(() => Post.create({ author: ada, views: 4 }))
  const changed = await here(() => Post.where({ views: 4 }).update((p) => ({ views: p.views.plus(1) })))
  const users = await here(() => User.all().with('posts'))
  const sum = await here(() => Post.all().summarize((p) => ({ views: p.views.sum() })))
  const refused = await here(() => Post.create({ author: ada, views: 10 })).catch((error) => error.message)
  let opened = null
  try { openDatabase('sqlite::memory:') } catch (error) { opened = error.message }
  return {
    state: describe(Post),
    changed,
    users: JSON.parse(JSON.stringify(users)),
    sum,
    refused,
    opened,
    wrong: new User().name.parse('x'.repeat(30)).error?.code,
  }
}`

test('a page has models, and its rows in a database elsewhere', {
  skip: needCommand('chromium'),
  timeout: 60_000,
}, async (t) => {
  const bundle = await build({
    stdin: { contents: PAGE, resolveDir: join(import.meta.dirname, '../../../src/models'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  const code = bundle.outputFiles[0]!.text
  const database = openDatabase('sqlite::memory:')
  const make = (sql: string) => database.run({ sql, parameters: [], writes: true })
  await make('create table user (id integer primary key, name text not null) strict')
  await make('create table post (id integer primary key, views integer not null, author_id integer not null) strict')
  const browser = await chromium.launch({ executablePath: commandPath('chromium')!, args: QUIET })
  t.after(async () => {
    await browser.close()
    await database.close()
  })
  const page = await browser.newPage()
  await page.exposeFunction('runHere', (statement: Statement) => database.run(statement))
  await page.addScriptTag({ type: 'module', content: code })
  await page.waitForFunction("typeof globalThis.run === 'function'") // a module runs after it has been added
  const seen = (await page.evaluate('globalThis.run()')) as Record<string, unknown>
  assert.deepEqual(seen['users'], [
    {
      id: 1,
      name: 'Ada',
      posts: [
        { id: 1, views: 1, authorId: 1 },
        { id: 2, views: 5, authorId: 1 },
      ],
    },
  ])
  assert.deepEqual([seen['changed'], seen['sum'], seen['wrong']], [1, [{ views: 6 }], 'too-long'])
  assert.match(String(seen['refused']), /Post\.views: 10 is refused: The largest value is 9/)
  assert.match(String(seen['opened']), /this platform has no node:sqlite/)
  assert.equal((seen['state'] as { table: string }).table, 'post')
})
