/** Makes a site. */

import { DirectoryLoader } from '#templates'
import { type Class, type Database, type Databases, Model, openDatabase, type Row } from '../../models/index.ts'
import { type Filter, Templates } from '../../templates/index.ts'
import { UsageError } from '../errors.ts'
import type { UserLoader } from '../request/hooks.ts'
import { staticFiles } from '../static/static-files.ts'
import type { SiteOptions, TemplateEngine } from './options.ts'
import { Site } from './site.ts'

/** What `app` is told. */
export interface AppOptions<U> extends SiteOptions<U> {
  /**
   * A database, or where it is: `sqlite:blog.db`, `sqlite::memory:`. One that the site opens it closes too. Several as
   * `new Databases([[shop, [Order]], [visits, [Visit]]])`.
   */
  readonly db?: Database | Databases | string
  /** The models whose rows it holds; `users` is one of them without being said again. */
  readonly models?: readonly Class<object>[]
  /** Directories of files for everybody, by prefix: `{ '/static': 'public' }`; a text alone is served at `/static`. */
  readonly static?: string | Readonly<Record<string, string>>
}

type UserModel = Model & { readonly id: unknown }

/**
 * A new application. `app()` alone is enough to begin with; it answers to loopback names until it is told its hosts.
 * Tables that are missing are made by `await site.createTables()`.
 *
 * @example
 * const site = app({ db: 'sqlite:blog.db', models: [Post], templates: 'templates', hosts: ['blog.example'] })
 * site.get('/posts/{id:int}', async (c) => c.render('post.html', { post: await Post.get({ id: c.params.id }) }))
 * @param options `users` is the model of those who sign in, or a function that finds one by its id.
 * @throws SecretError for a secret that is too short, TypeError and UsageError for options that mean nothing.
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
  if (models.length > 0 && db === undefined)
    throw new UsageError("app({ models }) needs app({ db }), the database that has their rows: db: 'sqlite:site.db'")
  checkEngine(options as SiteOptions<never>)
  const site = new Site<unknown>({ ...options, users: loader } as SiteOptions<unknown>, {
    engine: (directories, filters) => engineOf(options as SiteOptions<never>, directories, filters),
    database: typeof db === 'string' ? openDatabase(db, options.machine && { machine: options.machine }) : (db ?? null),
    ownsDatabase: typeof db === 'string',
    models: model === null ? models : [...new Set<Class<object>>([model, ...models])],
  })
  const directories = typeof options.static === 'string' ? { '/static': options.static } : options.static
  for (const [prefix, directory] of Object.entries(directories ?? {})) site.mount(prefix, staticFiles(directory))
  return site
}

function isModel(users: unknown): users is Class<Model> {
  return typeof users === 'function' && users.prototype instanceof Model
}

function engineOf(
  { templates, filters, debug = false }: SiteOptions<never>,
  ofParts: readonly string[],
  partFilters: Readonly<Record<string, Filter>> = {},
): TemplateEngine | null {
  if (templates === undefined || typeof templates === 'string' || isList(templates)) {
    const directories = [...[templates ?? []].flat(), ...ofParts]
    if (directories.length === 0) return null
    return new Templates(new DirectoryLoader(...directories), { debug, filters: { ...partFilters, ...filters } })
  }
  if (ofParts.length > 0)
    throw new UsageError('app({ templates }) is an engine, and a part brings templates of its own: give directories')
  return templates
}

/** @throws UsageError for filters that would belong to no templates, or to an engine that has its own. */
function checkEngine({ templates, filters }: SiteOptions<never>): void {
  if (filters === undefined || typeof templates === 'string' || (templates !== undefined && isList(templates))) return
  throw new UsageError('app({ filters }) needs app({ templates }) to be a directory: an engine has filters of its own')
}

function isList(value: object): value is readonly string[] {
  return Array.isArray(value)
}
