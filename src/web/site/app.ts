/** Makes a site. */
import type { Database } from '../../models/database/database.ts'
import { Databases } from '../../models/database/databases.ts'
import { openDatabase } from '../../models/database/sqlite.ts'
import type { Class } from '../../models/fields/relation.ts'
import { Model } from '../../models/model.ts'
import type { Row } from '../../models/rows.ts'
import { Templates } from '../../templates/templates.ts'
import { files } from '../static/files.ts'
import type { SiteOptions, TemplateEngine, UserLoader } from './options.ts'
import { Site } from './site.ts'

export interface AppOptions<U> extends SiteOptions<U> {
  /** A database, or where it is: `sqlite:blog.db`, `sqlite::memory:`. */
  readonly db?: Database | string
  /** The models whose rows it holds; `users` is one of them without being said again. */
  readonly models?: readonly Class<object>[]
  /** Directories of files for everybody, by prefix: `{ '/static': 'public' }`; a text alone is served at `/static`. */
  readonly static?: string | Readonly<Record<string, string>>
}

type UserModel = Model & { readonly id: unknown }

/**
 * A new application. `app()` alone is enough to begin with; it answers to loopback names until it is told its hosts.
 * Tables that are missing are made by `await site.createTables()`.
 * @param options `users` is the model of those who sign in, or a function that finds one by its id.
 * @throws SecretError for a secret that is too short, TypeError and ModelError for options that mean nothing.
 */
export function app<M extends UserModel>(
  options: Omit<AppOptions<Row<M>>, 'users'> & { readonly users: Class<M> },
): Site<Row<M>>
export function app<U = never>(options?: AppOptions<U>): Site<U>
export function app(given: object = {}): unknown {
  const options = given as Omit<AppOptions<never>, 'users'> & { readonly users?: unknown }
  const { users, db, models = [] } = options
  const model = isModel(users) ? users : null
  const loader =
    model === null
      ? users
      : (((id) => (model as typeof Model & Class<Model>).find({ id } as never)) satisfies UserLoader<unknown>)
  const site = new Site<unknown>(
    { ...options, users: loader } as SiteOptions<unknown>,
    engineOf(options as SiteOptions<never>),
  )
  const directories = typeof options.static === 'string' ? { '/static': options.static } : options.static
  for (const [prefix, directory] of Object.entries(directories ?? {})) site.mount(prefix, files(directory))
  if (db !== undefined) {
    const database = typeof db === 'string' ? openDatabase(db, { machine: site.machine }) : db
    const all = [...new Set(model === null ? models : [model, ...models])]
    site.databases = new Databases([[database, all]])
  }
  return site
}

function isModel(users: unknown): users is Class<Model> {
  return typeof users === 'function' && users.prototype instanceof Model
}

function engineOf(options: SiteOptions<never>): TemplateEngine | null {
  const { templates, filters, debug = false } = options
  if (typeof templates === 'string') return new Templates(templates, { debug, ...(filters && { filters }) })
  if (filters === undefined) return templates ?? null
  throw new TypeError('app: filters go with templates from a directory; an engine has filters of its own')
}
