/** Which database holds the rows of which models. */
import { Slot } from '../../base/ambient.ts'
import { ModelError } from '../errors.ts'
import type { Class } from '../fields/relation.ts'
import { metaOf } from '../meta.ts'
import type { Database } from './database.ts'

/** What surrounds the running code: a site sets it for every request and for `site.run(…)`, a script by `withDatabase`. */
export const databases = new Slot<Databases>('databases')

/**
 * Says where the rows of models are, for the code that runs inside `run`. A value: it is made once and never changed, and
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
  /** The database of all models, whoever they are; null when they are listed. */
  #forAll: Database | null = null

  /**
   * @param entries databases, each with its models
   * @param outer where the models are looked up that are not listed here
   * @throws ModelError for a model in two databases, one that cannot be a table, or a reference into another database.
   */
  constructor(entries: Iterable<readonly [Database, readonly Class<object>[]]>, outer: Databases | null = null) {
    this.#outer = outer
    for (const [database, models] of entries) {
      this.#own.add(database)
      for (const model of models) this.#put(model, database)
    }
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
        `${model.name} is listed for two databases, ${before.name} and ${database.name}: a model has its rows in one`,
      )
    this.#byModel.set(model, database)
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
      const where =
        there === null ? 'in none of the databases: list it beside' : `in the database ${there.name}, not in`
      throw new ModelError(
        `${meta.name}.${declared} refers to ${target.name}, which is ${where} ${meta.name} in ${database.name}`,
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
      `${model.name} is in none of the databases here (${names || 'there are none'}): ` +
        `list it with its database, as in app({ models: [${model.name}] }) or new Databases([[database, [${model.name}]]])`,
    )
  }

  /** The databases listed here, in order; those of `outer` when none is. */
  get all(): readonly Database[] {
    return this.#own.size === 0 && this.#outer !== null ? this.#outer.all : [...this.#own]
  }

  /** The models listed here, each with its database. */
  get models(): ReadonlyMap<Class<object>, Database> {
    return this.#byModel
  }

  /** Runs `work` so that it, and all it awaits, finds the rows of its models here. */
  run<T>(work: () => T): Settled<T> {
    return databases.run(this, () => settled(work()))
  }
}

/** What the work gives, awaited if it is to be awaited. */
export type Settled<T> = T extends PromiseLike<infer R> ? Promise<R> : T

/** A query begins when it is awaited: that must be inside what surrounds the work, not where the caller awaits. */
function settled<T>(result: T): Settled<T> {
  return (isThenable(result) ? Promise.resolve(result) : result) as Settled<T>
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
