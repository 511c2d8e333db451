/** Models and a database for the tests of this folder. */
import { test } from 'node:test'
import { silent } from '../../base/events.ts'
import type { Machine } from '../../base/machine.ts'
import { SeededRandom } from '../../base/random.ts'
import type { StandardSchema } from '../../base/standard-schema.ts'
import { createTables, type Database, f, Model, openDatabase, type Row, withDatabase } from '../index.ts'

/** A validator as Zod, Valibot or ArkType make them: a list of strings. */
export const strings: StandardSchema<string[]> = {
  '~standard': {
    version: 1,
    vendor: 'trial',
    validate(value) {
      if (!Array.isArray(value)) return { issues: [{ message: 'This is not a list.' }] }
      const wrong = value.findIndex((one) => typeof one !== 'string')
      return wrong < 0 ? { value } : { issues: [{ message: 'This is not a text.', path: [wrong] }] }
    },
  },
}

export class User extends Model {
  id = f.id()
  email = f.email().unique()
  name = f.text(80)
  password = f.password({ hash: async (given) => `hash:${[...given].reverse().join('')}` })
  posts = f.many(() => Post, 'author')
}

export class Post extends Model {
  id = f.id()
  slug = f.slug().unique()
  title = f.text(200)
  body = f.text().blank()
  views = f.int().default(0)
  score = f.number().null()
  pinned = f.boolean().default(false)
  state = f.choice(['draft', 'public']).default('draft')
  tags = f.json(strings).default(() => [])
  day = f.date().null()
  created = f.datetime().now()
  published = f.datetime().null().index()
  author = f.ref(() => User, { onDelete: 'cascade' })
  replyTo = f.ref(() => Post).null()

  excerpt(this: Row<Post>): string {
    return this.title.slice(0, 5)
  }
}

/** When everything in these tests happens. */
export const NOON = Date.UTC(2026, 10, 24, 12)

export const machine: Machine = {
  name: 'test',
  random: new SeededRandom('models'),
  events: silent,
  clock: {
    now: () => 0,
    wallMillis: () => NOON,
    at: () => ({ cancel: () => {} }), // nothing here waits so long
    hold: (work) => work,
  },
}

/** A new database with empty tables. */
export async function freshDatabase(address = 'sqlite::memory:'): Promise<Database> {
  const database = openDatabase(address, { machine })
  await createTables(database, [User, Post])
  return database
}

/** A test inside a new database with empty tables. */
export function modelTest(name: string, run: (database: Database) => Promise<void>): void {
  test(name, async () => {
    const database = await freshDatabase()
    try {
      await withDatabase(database, () => run(database))
    } finally {
      await database.close()
    }
  })
}

let count = 0

export function makeUser(name = 'Ada'): Promise<Row<User>> {
  return User.create({ name, email: `${name.toLowerCase()}${++count}@example.org`, password: 'secret words' })
}

export function makePost(
  author: Row<User>,
  values: { title?: string; views?: number; score?: number | null } = {},
): Promise<Row<Post>> {
  return Post.create({ slug: `post-${++count}`, title: 'A title', body: 'Words', author, ...values })
}
