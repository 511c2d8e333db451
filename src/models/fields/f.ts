/**
 * The fields, as models and forms declare them:
 *
 *     class Post extends Model {
 *       id = f.id()
 *       slug = f.slug().unique()
 *       title = f.text(200)
 *       views = f.int().default(0)
 *       published = f.datetime().null()
 *       author = f.ref(() => User, { onDelete: 'cascade' })
 *     }
 */
import { hashPassword } from '../../base/password.ts'
import type { AnySchema } from '../../base/standard-schema.ts'
import { Field, NOW } from './field.ts'
import { json } from './json.ts'
import * as numbers from './numbers.ts'
import { type Class, Many, Ref, type ReferenceName, type RefOptions } from './relation.ts'
import * as text from './text.ts'
import * as times from './times.ts'

/** A moment, which may be the moment the row is made. */
class DatetimeField extends Field<Date> {
  /** The default is when the row is made, on the clock of whoever makes it. */
  now(): Field<Date, true> {
    return this.but({ default: NOW }) as unknown as Field<Date, true>
  }
}

export const f = {
  /** The row's number, given by the database; every model has one, called `id`. */
  id: () => new Field<number, true>(numbers.id()),
  /** Text of at most `max` UTF-16 units; one line in a form up to 255. White space around it is cut off in forms. */
  text: (max: number = text.LONGEST_TEXT, options: text.TextOptions = {}) => new Field<string>(text.text(max, options)),
  /** Letters, digits, hyphens, underscores: a segment of a URL. */
  slug: (max: number = text.LONGEST_SLUG) => new Field<string>(text.slug(max)),
  email: () => new Field<string>(text.email()),
  /** Given in clear, stored as a hash, never shown. */
  password: (options: text.PasswordOptions = {}) =>
    new Field<string>(text.password({ hash: hashPassword, ...options })),
  /** A whole number up to 2^53 − 1 either way. */
  int: (range?: numbers.RangeOptions) => new Field<number>(numbers.int(range)),
  /** A double. */
  number: (range?: numbers.RangeOptions) => new Field<number>(numbers.number(range)),
  boolean: () => new Field<boolean>(numbers.boolean()),
  /** A day as text, `2026-11-24`. */
  date: () => new Field<string>(times.date()),
  /** A moment, to the millisecond. */
  datetime: () => new DatetimeField(times.datetime()),
  json: jsonField,
  /** One of a few strings: `f.choice(['draft', 'public'])`, or `{ draft: 'A draft', public: 'Published' }`. */
  choice: <const C extends string>(choices: readonly C[] | { readonly [value in C]: string }) =>
    new Field<C>(text.choice(choices)),
  /** The path of a stored file. */
  file: () => new Field<string>(text.file()),
  /** A row of another model. The thunk lets models refer to each other across modules. */
  ref: <M extends object>(target: () => Class<M>, options?: RefOptions) => new Ref<M>(target, options),
  /** The rows of `target` whose reference `by` leads here. */
  many: <M extends object, K extends keyof M & string>(target: () => Class<M>, by: K & ReferenceName<M, K>) =>
    new Many<M>(target, by),
}

/**
 * What JSON can hold, checked by a schema of any make (Zod, Valibot, ArkType: standardschema.dev), which gives the type.
 * Without a schema the value is `unknown`: nothing is known of what a visitor sent.
 *
 * @example
 * tags = f.json(z.array(z.string())).default(() => [])
 */
function jsonField<T>(schema: AnySchema<T>): Field<T>
function jsonField(): Field<unknown>
function jsonField<T>(schema?: AnySchema<T>): Field<T> {
  return new Field<T>(json<T>(schema ?? null) as never)
}
