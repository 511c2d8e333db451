/** Errors that are answers: thrown anywhere below a handler, they become a reply with their status. */
import { reasonPhrase } from '../../http/index.ts'

export interface HttpErrorOptions {
  /** Field lines of the reply, by name: `{ 'Retry-After': '120' }`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

/** @throws RangeError when the status is not one of an error. */
export class HttpError extends Error {
  override readonly name: string = 'HttpError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  /** @param message what the client is told; the status's own words when absent. */
  constructor(status: number, message: string = reasonPhrase(status), options: HttpErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    if (!(Number.isInteger(status) && status >= 400 && status <= 599))
      throw new RangeError(`HttpError: ${status} is no status of an error (400 to 599)`)
    this.status = status
    this.headers = options.headers ?? {}
  }
}

/** Ends the request: 404. `throw notFound()` says the same to the type checker. */
export function notFound(message?: string): never {
  throw new HttpError(404, message)
}

/** Ends the request: 403. */
export function forbidden(message?: string): never {
  throw new HttpError(403, message)
}

/** Ends the request with any status from 400 to 599. */
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
