/** The types of rows, of the input that makes rows, and of conditions: all derived from the class of the model. */
import type { Class } from './fields/relation.ts'
import type { Operand } from './query/operand.ts'

/** What marks a field, a reference and a many to the type checker (see the classes). */
interface IsField<T> {
  readonly '~value': T
}
interface IsOptional {
  readonly '~optional': true
}
interface IsRef<M extends object, N extends boolean = boolean> {
  readonly '~model': M
  readonly '~nullable': N
}
interface IsMany<M extends object> {
  readonly '~many': M
}

type Nullable<R> = R extends { readonly '~nullable': true } ? null : never

/** `author` of a path `author.profile`. */
type Head<W extends string> = W extends `${infer H}.${string}` ? H : W
/** `profile` of a path `author.profile` under `author`. */
type Tail<W extends string, H extends string> = W extends `${H}.${infer T}` ? T : never

type Show<T> = { [K in keyof T]: T[K] }

/**
 * What every row has from its class. It is a class itself so that the type checker leaves it out of `{ ...row }`: a copy
 * has the values of a row, but not its methods.
 */
export declare abstract class Saved {
  /** The row as JSON shows it: without passwords. */
  toJSON(): object
}

/** A method of a model's class: it can be called on rows only, never on copies. */
type Method<F> = F extends (...parameters: never[]) => unknown
  ? unknown extends ThisParameterType<F>
    ? (this: Saved, ...parameters: Parameters<F>) => ReturnType<F>
    : F
  : F

/**
 * A row: the values of the fields, `authorId` for a reference `author`, the class's methods; the relations themselves
 * only as far as `W` names them: `Row<Post, 'author' | 'comments.author'>`.
 */
export type Row<M extends object, W extends string = never> = Saved &
  Show<
    {
      [K in keyof M as K extends keyof Saved
        ? never
        : M[K] extends IsRef<object> | IsMany<object>
          ? never
          : K]: M[K] extends IsField<infer T> ? T : Method<M[K]>
    } & {
      [K in keyof M & string as M[K] extends IsRef<object> ? `${K}Id` : never]: number | Nullable<M[K]>
    } & {
      [K in Head<W> & keyof M & string]: M[K] extends IsRef<infer T>
        ? Row<T, Tail<W, K>> | Nullable<M[K]>
        : M[K] extends IsMany<infer T>
          ? Row<T, Tail<W, K>>[]
          : never
    }
  >

/** The row of a model given by its class: `RowOf<typeof Post>`. */
export type RowOf<C extends Class<object>, W extends string = never> = Row<InstanceType<C>, W>

type RelationName<M> = {
  [K in keyof M & string]: M[K] extends IsRef<object> | IsMany<object> ? K : never
}[keyof M & string]

type TargetOf<R> = R extends IsRef<infer T> ? T : R extends IsMany<infer T> ? T : never

/** The paths that `with` accepts, at most three relations long. */
export type RelationPath<M extends object, Depth extends readonly unknown[] = []> =
  | RelationName<M>
  | (Depth['length'] extends 2
      ? never
      : { [K in RelationName<M>]: `${K}.${RelationPath<TargetOf<M[K]>, [...Depth, 0]>}` }[RelationName<M>])

/** A row of another model, anything else that has its id, or the id (which is what a form gives). */
type Referred = { readonly id: number } | number

type RequiredField<M> = {
  [K in keyof M]: M[K] extends IsField<unknown> ? (M[K] extends IsOptional ? never : K) : never
}[keyof M]
type OptionalField<M> = { [K in keyof M]: M[K] extends IsField<unknown> & IsOptional ? K : never }[keyof M]
type ValueOf<F> = F extends IsField<infer T> ? T : never

/** A reference is given as the row or by its id, not as both. */
type RequiredRef<K extends string> = { [P in `${K}Id`]: number } | { [P in K]: Referred }

/** One for each reference that may not be null, all at once. */
type RequiredRefs<M> = {
  [K in keyof M & string]: M[K] extends IsRef<object, false> ? (refs: RequiredRef<K>) => void : never
}[keyof M & string] extends infer F
  ? [F] extends [never]
    ? unknown
    : [F] extends [(refs: infer R) => void]
      ? R
      : unknown
  : unknown

/** What `create` accepts: every field without a default that does not allow null, and any of the other fields. */
export type CreateInput<M extends object> = { [K in RequiredField<M>]: ValueOf<M[K]> } & {
  [K in OptionalField<M>]?: ValueOf<M[K]> | undefined
} & {
  [K in keyof M & string as M[K] extends IsRef<object, true> ? K : never]?: Referred | null | undefined
} & {
  [K in keyof M & string as M[K] extends IsRef<object, true> ? `${K}Id` : never]?: number | null | undefined
} & RequiredRefs<M>

type ColumnValues<M extends object> = {
  [K in keyof M as M[K] extends IsField<unknown> ? K : never]: ValueOf<M[K]>
} & {
  [K in keyof M & string as M[K] extends IsRef<object> ? `${K}Id` : never]: number | Nullable<M[K]>
}

type RefRows<M extends object> = {
  [K in keyof M & string as M[K] extends IsRef<object> ? K : never]: Referred | Nullable<M[K]>
}

/** Values that the columns must have, for `where`. Objects are never operators. */
export type WhereValues<M extends object> = Partial<Show<ColumnValues<M> & RefRows<M>>>

/** What `update` accepts: values, or expressions over the row's own columns. */
export type UpdateInput<M extends object> = {
  [K in keyof WhereValues<M>]?: WhereValues<M>[K] | Operand<Exclude<WhereValues<M>[K], undefined>>
}

/** The columns of a model, as `where((p) => …)` is given them; columns of a referred row under the reference: `p.author.name`. */
export type Columns<M extends object> = {
  readonly [K in keyof ColumnValues<M>]: Operand<ColumnValues<M>[K]>
} & {
  readonly [K in keyof M & string as M[K] extends IsRef<object> ? K : never]: M[K] extends IsRef<infer T>
    ? Columns<T>
    : never
}

/** `'title'` and `'-title'`. */
export type OrderName<M extends object> = (keyof ColumnValues<M> & string) | `-${keyof ColumnValues<M> & string}`
