/** What goes wrong in the framework. Those with a `status` are answers: thrown below a handler, they become a reply. */
import { CodedError } from '../base/errors.ts'
import { reasonPhrase } from '../http/index.ts'

/** What an error's reply carries beside its words. */
export interface HttpErrorOptions {
  /** Field lines of the reply, by name: `{ 'Retry-After': '120' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * More for a program that reads the error as JSON (RFC 9457): `type` (the URL of a page about this kind of problem), `instance`,
   * `title`, and members of your own. `status` and `detail` are the error's status and message.
   */
  readonly problem?: Readonly<Record<string, unknown>>
  /** What led to it: for the log, not for the client. */
  readonly cause?: unknown
}

/**
 * An error that is an answer: thrown anywhere below a handler, it becomes a reply with its status.
 *
 * @example
 * throw new HttpError(409, 'Somebody else has changed this page meanwhile.')
 */
export class HttpError extends CodedError {
  override readonly name: string = 'HttpError'
  override readonly code: string = 'WEB_HTTP_ERROR'
  /** The status of the reply, from 400 to 599. */
  readonly status: number
  /** Fields of the reply, by name. */
  readonly headers: Readonly<Record<string, string>>
  /** More members of the JSON that a program gets. */
  readonly problem: Readonly<Record<string, unknown>>

  /**
   * @param message what the client is told; the status's own words when absent.
   * @throws RangeError when the status is not one of an error.
   */
  constructor(status: number, message: string = reasonPhrase(status), options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    if (!(Number.isInteger(status) && status >= 400 && status <= 599))
      throw new UsageError(`HttpError: the status must be from 400 to 599, not ${status}`)
    this.status = status
    this.headers = options.headers ?? {}
    this.problem = options.problem ?? {}
  }
}

/** A JSON body that its schema refuses: answered with 422 and the list of what is wrong. */
export class InvalidBody extends HttpError {
  override readonly name = 'InvalidBody'
  override readonly code = 'WEB_INVALID_BODY'
  /** What is wrong, and where: `items.2.name`; '' for the whole. */
  readonly problems: readonly { readonly path: string; readonly text: string }[]

  constructor(problems: InvalidBody['problems']) {
    const [first] = problems
    super(422, first === undefined ? undefined : `${first.path === '' ? '' : `${first.path}: `}${first.text}`)
    this.problems = problems
  }
}

/**
 * Ends the request: 404. `throw notFound()` says to the type checker that nothing follows.
 *
 * @example
 * const post = drafts.get(c.params.slug) ?? notFound('There is no such draft.')
 */
export function notFound(message?: string): never {
  throw new HttpError(404, message)
}

/** Ends the request: 403. */
export function forbidden(message?: string): never {
  throw new HttpError(403, message)
}

/**
 * Ends the request with any status from 400 to 599.
 *
 * @example
 * if (stock === 0) abort(409, 'Sold out.')
 */
export function abort(status: number, message?: string, options?: HttpErrorOptions): never {
  throw new HttpError(status, message, options)
}

/**
 * The status that an error asks for: its own `status` when that is one of an error (`HttpError`, a body that is too
 * large, a row that does not exist), else 500.
 */
export function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500
  const { status } = error as { status?: unknown }
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599 ? status : 500
}

/** A pattern or a table of routes that cannot be meant: a mistake in the program. */
export class RouteError extends CodedError {
  override readonly name: string = 'RouteError'
  override readonly code: string = 'WEB_ROUTE'
}

/** An answer, a hook or an option that cannot be meant: a mistake in the program. */
export class UsageError extends CodedError {
  override readonly name = 'UsageError'
  override readonly code = 'WEB_USAGE'
}

/** A secret is missing, or can be guessed. */
export class SecretError extends CodedError {
  override readonly name = 'SecretError'
  override readonly code = 'WEB_SECRET'
}

/** A session that its store cannot hold. */
export class SessionTooLarge extends CodedError {
  override readonly name = 'SessionTooLarge'
  override readonly code = 'WEB_SESSION_TOO_LARGE'
}

/** A redirect to a place that is not on this site: what a visitor named, as it seems. Answered with 400. */
export class RedirectError extends CodedError {
  override readonly name = 'RedirectError'
  override readonly code = 'WEB_REDIRECT'
  readonly status = 400
  /** What the visitor is told. */
  readonly words = 'The address to go on to is not on this site.'
}

/** The request names a host that the site does not have. Answered with 400. */
export class UnknownHostError extends CodedError {
  override readonly name = 'UnknownHostError'
  override readonly code = 'WEB_UNKNOWN_HOST'
  readonly status = 400
  /** What the visitor is told. */
  readonly words = 'Unknown host'
}
