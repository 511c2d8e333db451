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
import { MAX_TEXT } from '../limits.ts'
import { Field, NOW } from './field.ts'
import * as plain from './plain.ts'
import { type Class, Many, Ref, type RefOptions } from './relation.ts'
import * as text from './text.ts'

/** A moment, which may be the moment the row is made. */
class DatetimeField extends Field<Date> {
  /** The default is when the row is made, on the clock of whoever makes it. */
  now(): Field<Date, true> {
    this.options.default = NOW
    return this as unknown as Field<Date, true>
  }
}

export const f = {
  /** The row's number, given by the database; every model has one, called `id`. */
  id: () => new Field<number, true>(plain.id()),
  /** Text of at most `max` UTF-16 units; one line in a form up to 255. White space around it is cut off in forms. */
  text: (max: number = MAX_TEXT, options: text.TextOptions = {}) => new Field<string>(text.text(max, options)),
  /** Letters, digits, hyphens, underscores: a segment of a URL. */
  slug: (max?: number) => new Field<string>(text.slug(max)),
  email: () => new Field<string>(text.email()),
  /** Given in clear, stored as a hash, never shown. `hash` makes it in place of the framework's own. */
  password: ({ hash = hashPassword }: { readonly hash?: text.PasswordHash } = {}) =>
    new Field<string>(text.password(hash)),
  /** A whole number up to 2^53 − 1 either way. */
  int: (range?: plain.RangeOptions) => new Field<number>(plain.int(range)),
  /** A double. */
  number: (range?: plain.RangeOptions) => new Field<number>(plain.number(range)),
  boolean: () => new Field<boolean>(plain.boolean()),
  /** A day as text, `2026-11-24`. */
  date: () => new Field<string>(plain.date()),
  /** A moment, to the millisecond. */
  datetime: () => new DatetimeField(plain.datetime()),
  /** What JSON can hold. The type is the program's word for it: the database's content is not checked against it. */
  json: <T>() => new Field<T>(plain.json<T>()),
  /** One of a few strings: `f.choice(['draft', 'public'])`, or `{ draft: 'A draft', public: 'Published' }`. */
  choice: <const C extends string>(choices: readonly C[] | { readonly [value in C]: string }) =>
    new Field<C>(text.choice(choices)),
  /** The path of a stored file. */
  file: () => new Field<string>(text.file()),
  /** A row of another model. The thunk lets models refer to each other across modules. */
  ref: <M extends object>(target: () => Class<M>, options?: RefOptions) => new Ref<M>(target, options),
  /** The rows of `target` whose reference `by` leads here. */
  many: <M extends object>(target: () => Class<M>, by: keyof M & string) => new Many<M>(target, by),
}
