// biome-ignore-all lint/complexity/noThisInStatic: `this` is the model that the call is made on
/** The base class of models: what every model can do, typed by its fields. */
import type { Class } from './fields/relation.ts'
import { metaOf } from './meta.ts'
import type { OrderBy, Where } from './query/given.ts'
import type { Page } from './query/page.ts'
import { Query } from './query/query.ts'
import type { CreateInput, RelationPath, Row, WhereValues } from './rows.ts'
import { createRow, type Given } from './write.ts'

/**
 * A table, as a class whose fields are the columns. The name of the table is the name of the class in lower case with
 * underscores, or `static table = '…'`. The class is instantiated once, to read its fields; rows are plain objects with
 * the methods of the class.
 *
 * @example
 * class User extends Model {
 *   id = f.id()
 *   name = f.text(80)
 *   posts = f.many(() => Post, 'author')
 *   greeting(this: Row<User>): string { // in a method, `this` is the row
 *     return `I am ${this.name}`
 *   }
 * }
 * const ada = await User.create({ name: 'Ada' })
 * const writers = await User.where((u) => u.name.startsWith('A')).with('posts').orderBy('name')
 */
export class Model {
  /** Makes a row and returns the row as it is stored. @throws InvalidValueError, ConstraintError. */
  static create<M extends Model>(this: Class<M>, values: CreateInput<M>): Promise<Row<M>> {
    return createRow(metaOf(this), values as Given) as Promise<unknown> as Promise<Row<M>>
  }

  /** A query for all rows. */
  static all<M extends Model>(this: Class<M>): Query<M> {
    return Query.of(metaOf(this))
  }

  /** The rows that match: `Post.where({ slug })`, `Post.where((p) => p.views.gt(3))`. */
  static where<M extends Model>(this: Class<M>, condition: Where<M>): Query<M> {
    return Query.of<M>(metaOf(this)).where(condition)
  }

  /** Rows with relations loaded: `Post.with('author')`. */
  static with<M extends Model, P extends RelationPath<M>>(this: Class<M>, ...paths: readonly P[]): Query<M, P> {
    return Query.of<M>(metaOf(this)).with(...paths)
  }

  /** All rows in an order: `Post.orderBy('-published', 'title')`; `-` means descending. */
  static orderBy<M extends Model>(this: Class<M>, ...orders: readonly OrderBy<M>[]): Query<M> {
    return Query.of<M>(metaOf(this)).orderBy(...orders)
  }

  /** The rows that contain every word of `text` in one of the fields. */
  static search<M extends Model>(
    this: Class<M>,
    text: string,
    ...fields: readonly (keyof WhereValues<M> & string)[]
  ): Query<M> {
    return Query.of<M>(metaOf(this)).search(text, ...fields)
  }

  /** The one row that matches. @throws NotFoundError, which a site answers with 404; SeveralRowsError for more than one. */
  static get<M extends Model>(this: Class<M>, condition: Where<M>): Promise<Row<M>> {
    return Query.of<M>(metaOf(this)).get(condition)
  }

  /** The first row that matches, or null. */
  static find<M extends Model>(this: Class<M>, condition: Where<M>): Promise<Row<M> | null> {
    return Query.of<M>(metaOf(this)).find(condition)
  }

  /** The row with the smallest id, or null. */
  static first<M extends Model>(this: Class<M>): Promise<Row<M> | null> {
    return Query.of<M>(metaOf(this)).first()
  }

  /** How many rows the table has. */
  static count<M extends Model>(this: Class<M>): Promise<number> {
    return Query.of<M>(metaOf(this)).count()
  }

  /** Whether a row matches. */
  static exists<M extends Model>(this: Class<M>, condition: Where<M>): Promise<boolean> {
    return Query.of<M>(metaOf(this)).where(condition).exists()
  }

  /** One page of all rows, by id. @param number the page, from 1 @param size rows per page, 20 unless given */
  static page<M extends Model>(this: Class<M>, number: number, size?: number): Promise<Page<Row<M>>> {
    return Query.of<M>(metaOf(this)).page(number, size)
  }

  /** The row as JSON shows it: without passwords. */
  toJSON(): object {
    const { columns } = metaOf(this.constructor as Class<Model>)
    return Object.fromEntries(Object.entries(this).filter(([name]) => columns.get(name)?.kind.secret !== true))
  }
}
