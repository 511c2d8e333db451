/** The fields, as models and forms declare them. */
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
  /** The default is the time when the row is made, on the clock of the program that makes the row. */
  now(): Field<Date, true> {
    return this.but({ default: NOW }) as unknown as Field<Date, true>
  }
}

/**
 * The fields of models and forms.
 *
 * @example
 * class Post extends Model {
 *   id = f.id()
 *   slug = f.slug().unique()
 *   title = f.text(200)
 *   views = f.int({ min: 0 }).default(0)
 *   published = f.datetime().null()
 *   author = f.ref(() => User, { onDelete: 'cascade' })
 * }
 */
export const f = {
  /** The number of the row, given by the database and never given twice. Every model has this field, called `id`. */
  id: () => new Field<number, true>(numbers.id()),
  /** Text of at most `max` UTF-16 units; one line in a form up to 255. A form removes white space around the text. */
  text: (max: number = text.LONGEST_TEXT, options: text.TextOptions = {}) => new Field<string>(text.text(max, options)),
  /** ASCII letters, digits, hyphens and underscores: a segment of a URL. */
  slug: (max: number = text.LONGEST_SLUG) => new Field<string>(text.slug(max)),
  /** An e-mail address. A form turns the domain into lower case. */
  email: () => new Field<string>(text.email()),
  /** A password: given as text, stored as its hash, left out of JSON. */
  password: (options: text.PasswordOptions = {}) =>
    new Field<string>(text.password({ hash: hashPassword, ...options })),
  /** A whole number up to 2^53 − 1 either way. */
  int: (range?: numbers.RangeOptions) => new Field<number>(numbers.int(range)),
  /** A finite double. Not for money: count cents in an `f.int()`. */
  number: (range?: numbers.RangeOptions) => new Field<number>(numbers.number(range)),
  /** True or false; a checkbox in a form. */
  boolean: () => new Field<boolean>(numbers.boolean()),
  /** A day as text, `2026-11-24`, in no time zone. */
  date: () => new Field<string>(times.date()),
  /** A moment, to the millisecond, as a `Date`. A form's time without a zone is read as UTC. */
  datetime: () => new DatetimeField(times.datetime()),
  /** Any value of JSON, checked by a schema: `f.json(z.array(z.string()))`. */
  json: jsonField,
  /** One of a few strings: `f.choice(['draft', 'public'])`, or `{ draft: 'A draft', public: 'Published' }`. */
  choice: <const C extends string>(choices: readonly C[] | { readonly [value in C]: string }) =>
    new Field<C>(text.choice(choices)),
  /** The path of a stored file, relative to the folder of uploads. */
  file: () => new Field<string>(text.file()),
  /** A row of another model. The model is given as a function, so that models can refer to each other across modules. */
  ref: <M extends object>(target: () => Class<M>, options?: RefOptions) => new Ref<M>(target, options),
  /** The rows of `target` whose reference `by` leads here: `f.many(() => Post, 'author')`. */
  many: <M extends object, K extends keyof M & string>(target: () => Class<M>, by: K & ReferenceName<M, K>) =>
    new Many<M>(target, by),
}

/**
 * Any value of JSON, checked by a Standard Schema (Zod, Valibot, ArkType, …: standardschema.dev), which gives the type.
 * Without a schema the type is `unknown`, because a visitor may send anything.
 *
 * @example
 * tags = f.json(z.array(z.string())).default(() => [])
 */
function jsonField<T>(schema: AnySchema<T>): Field<T>
function jsonField(): Field<unknown>
function jsonField<T>(schema?: AnySchema<T>): Field<T> {
  return new Field<T>(json<T>(schema ?? null) as never)
}
