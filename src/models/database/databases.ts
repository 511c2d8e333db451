/** Which database holds the rows of which models. */
import { Slot } from '../../base/ambient.ts'
import { ModelError } from '../errors.ts'
import type { Class } from '../fields/relation.ts'
import { metaOf, requireOwnTables } from '../meta.ts'
import type { Database } from './database.ts'

/** The registry that surrounds the running code: a site sets it for every request and `site.run(…)`, a script with `withDatabase`. */
export const databases = new Slot<Databases>('databases')

/**
 * Which database holds the rows of which models, for the code inside `run`. A registry is a value: it never changes, and
 * nothing is written into the models.
 *
 * @example
 * const databases = new Databases([
 *   [openDatabase('sqlite:shop.db'), [Customer, Order]],
 *   [openDatabase('sqlite:visits.db'), [Visit]],
 * ])
 * await databases.run(() => Order.count())
 */
export class Databases {
  readonly #byModel = new Map<Class<object>, Database>()
  readonly #own = new Set<Database>()
  readonly #outer: Databases | null
  /** The database of every model; null for a registry that lists its models. */
  #forAll: Database | null = null

  /**
   * @param entries databases, each with its models
   * @param outer the registry for models that are not listed here
   * @throws ModelError for a model that is listed for two databases, a declaration that cannot be a table, or a reference
   * into another database.
   */
  constructor(entries: Iterable<readonly [Database, readonly Class<object>[]]>, outer: Databases | null = null) {
    this.#outer = outer
    for (const [database, models] of entries) {
      this.#own.add(database)
      for (const model of models) this.#put(model, database)
    }
    for (const database of this.#own) requireOwnTables(this.#modelsOf(database))
    for (const [model, database] of this.#byModel) this.#check(model, database)
  }

  /** One database for all models: in a test, in a script. */
  static only(database: Database): Databases {
    const made = new Databases([[database, []]])
    made.#forAll = database
    return made
  }

  #put(model: Class<object>, database: Database): void {
    const before = this.#byModel.get(model)
    if (before !== undefined && before !== database)
      throw new ModelError(
        `${model.name} is listed for two databases, ${before.name} and ${database.name}: list each model for one database`,
      )
    this.#byModel.set(model, database)
  }

  #modelsOf(database: Database): Class<object>[] {
    return [...this.#byModel].flatMap(([model, where]) => (where === database ? [model] : []))
  }

  /** Relations must lead somewhere, and references must not leave the database. */
  #check(model: Class<object>, database: Database): void {
    const meta = metaOf(model)
    for (const relation of meta.relations.values()) relation.column()
    for (const { declared, reference } of meta.columns.values()) {
      if (reference === null) continue
      const target = reference.target()
      const there = this.#find(target.model)
      if (there === database) continue
      throw new ModelError(
        `${meta.name}.${declared} refers to ${target.name}, ${
          there === null ? 'which is not listed' : `but ${target.name} is listed for the database ${there.name}`
        }: list ${target.name} for ${database.name}, the database of ${meta.name}`,
      )
    }
  }

  #find(model: Class<object>): Database | null {
    return this.#forAll ?? this.#byModel.get(model) ?? (this.#outer === null ? null : this.#outer.#find(model))
  }

  /** The database of a model. @throws ModelError for a model that is not listed. */
  of(model: Class<object>): Database {
    const found = this.#find(model)
    if (found !== null) return found
    const names = this.all.map(({ name }) => name).join(', ')
    throw new ModelError(
      `no database is known for the model ${model.name} (databases: ${names || 'none'}): list the model with its database, ` +
        `as in app({ models: [${model.name}] }) or new Databases([[database, [${model.name}]]])`,
    )
  }

  /** The databases in the order of the list; the databases of `outer` when the list is empty. */
  get all(): readonly Database[] {
    return this.#own.size === 0 && this.#outer !== null ? this.#outer.all : [...this.#own]
  }

  /** The listed models, each with its database. */
  get models(): ReadonlyMap<Class<object>, Database> {
    return this.#byModel
  }

  /** Runs `work`: the models that `work` uses, also after an `await`, are looked up in this registry. */
  run<T>(work: () => T): Settled<T> {
    return databases.run(this, () => settled(work()))
  }
}

/** The result of `work`: a promise where `work` returns one. */
export type Settled<T> = T extends PromiseLike<infer R> ? Promise<R> : T

/**
 * A query starts when it is awaited: that has to happen inside the registry, not where the caller awaits. `then` is called
 * at once, because what surrounds the code ends with the call where the platform cannot follow an `await` (browsers).
 */
function settled<T>(result: T): Settled<T> {
  if (!isThenable(result) || result instanceof Promise) return result as Settled<T>
  return new Promise((resolve, reject) => result.then(resolve, reject)) as Settled<T>
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/**
 * Runs `work` with this database for all models: in a test, in a script.
 *
 * @example
 * await withDatabase(openDatabase('sqlite:blog.db'), async () => {
 *   for (const post of await Post.orderBy('title')) console.log(post.title)
 * })
 */
export function withDatabase<T>(database: Database, work: () => T): Settled<T> {
  return Databases.only(database).run(work)
}
