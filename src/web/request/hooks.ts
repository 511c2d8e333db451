/** What a program gives the framework to call: handlers, hooks, guards, authenticators, error pages. */
import type { Maybe } from '../ground/maybe.ts'
import type { ParamsOf } from '../routing/pattern.ts'
import type { Context } from './context.ts'
import type { Answer, Reply } from './reply.ts'

/** The parameters of a route, or of a pattern that is written as text. */
export type ParamsIn<R> = R extends string ? ParamsOf<R> : R extends { readonly params?: infer P } ? P : never

/**
 * Answers a request. A string is sent as plain text; HTML is a template (`c.render(…)`) or the `html` tag, which both
 * escape. Objects and arrays are sent as JSON, iterables of pieces as they come, a `Reply` (`c.json`, `c.redirect`,
 * `c.empty`, …) as it says.
 */
export type View<P, U> = (c: Context<P, U>) => Answer | Promise<Answer>

// biome-ignore lint/suspicious/noConfusingVoidType: a hook without an answer need not return undefined by name
type AnswerOrNothing = Answer | undefined | void

/** Runs before the handler; an answer takes its place. */
export type Before<U> = (c: Context<unknown, U>) => AnswerOrNothing | Promise<AnswerOrNothing>

/** Runs after the handler; may change the reply or give another. */
export type After<U> = (c: Context<unknown, U>, reply: Reply) => AnswerOrNothing | Promise<AnswerOrNothing>

/**
 * Runs around what is inside: `next()` runs it and gives its reply. Another answer may be given, also without calling
 * `next`. What is thrown inside comes out of `next()`, so that a transaction around it is undone.
 *
 * @example
 * site.around((c, next) => atomic(next))
 * site.around((c, next) => withLocale(languageOf(c), next))
 */
export type Around<U> = (
  c: Context<unknown, U>,
  next: () => Promise<Reply>,
) => AnswerOrNothing | Promise<AnswerOrNothing>

/** Runs when the reply is sent, or could not be: always, once. */
export type Teardown<U> = (c: Context<unknown, U>, error: unknown) => void | Promise<void>

/** What a guard says: who may pass, or an answer for who may not. */
export type GuardVerdict = object | true | false | null | undefined

/**
 * Decides who may pass. What it gives is `c.user` inside; true lets pass and leaves `c.user` as it is; a `Reply` is
 * the answer to who may not pass; nothing (null, undefined, false) sends visitors who are not signed in to sign in, and
 * answers others with 403.
 */
export type Guard<U, V extends GuardVerdict> = (c: Context<unknown, U>) => V | PromiseLike<V>

/** What `c.user` is behind a guard. */
export type Guarded<U, V> = [Exclude<V, Reply | boolean | null | undefined>] extends [never]
  ? U
  : Exclude<V, Reply | boolean | null | undefined> | (true extends V ? U : never)

/** Finds the user of an id. Gives null when there is none any more. */
export type UserLoader<U> = (id: string | number) => U | null | undefined | PromiseLike<U | null | undefined>

/** Whose users a request may come from: those of the site itself, or of one that is mounted in it. */
export interface Realm {
  /** '' for the outermost site, else where the site is mounted: ids of different sites are not mixed up. */
  readonly name: string
  /** What `app({ users })` says. */
  readonly users: UserLoader<unknown> | null
}

/** Finds out who makes a request. Of several the first that knows one is believed. */
export interface Authenticator<U = unknown> {
  /** Gives null when the request has no credentials of this kind, or bad ones. */
  authenticate(c: Context<unknown, unknown>, realm: Realm): U | null | undefined | PromiseLike<U | null | undefined>
  /**
   * The challenge of a 401 reply, for its WWW-Authenticate field (RFC 9110 §11.6.1): `Bearer realm="api"`. Given when
   * nobody was found; '' for none.
   */
  challenge?(c: Context<unknown, unknown>): string
}

/** What an error page may tell the visitor. */
export interface ErrorDetails {
  /** The status that the reply has. */
  readonly status: number
  /** Words that were meant for the visitor, else those of the status. */
  readonly message: string
  /** Leads to the log's entry of a 5xx; '' for the others. */
  readonly reference: string
}

/** Answers an error: with a page, say. The reply has the error's status unless it says another. */
export type ErrorView<U, E = unknown> = (
  c: Context<unknown, U>,
  error: E,
  details: ErrorDetails,
) => Answer | Promise<Answer>

export type ErrorClass<E = unknown> = abstract new (...args: never[]) => E

/** One layer of what surrounds a handler. */
export type Step =
  | { readonly kind: 'before'; readonly hook: Before<never> }
  | { readonly kind: 'around'; readonly hook: Around<never> }
  | { readonly kind: 'guard'; readonly check: Guard<never, GuardVerdict> }
  /** The visitor becomes known: to all inside, by these. */
  | { readonly kind: 'authenticate'; readonly authenticators: readonly Authenticator[]; readonly realm: Realm }

/** Which errors a page is for, and the page. */
export interface ErrorPage {
  readonly of: number | ErrorClass
  readonly view: ErrorView<never, never>
}

/** The hooks and error pages that apply at one place of the site, in the order in which they run. */
export interface Chain {
  /** Outermost first. */
  readonly steps: readonly Step[]
  /** Innermost first, as all below. */
  readonly after: readonly After<never>[]
  readonly teardown: readonly Teardown<never>[]
  readonly errors: readonly ErrorPage[]
}

/** Where nothing applies. */
export const BARE: Chain = Object.freeze({ steps: [], after: [], teardown: [], errors: [] })

/** A handler with its parameters and user erased, as tables keep it. */
export type AnyView = (c: Context<never, never>) => Maybe<unknown>
