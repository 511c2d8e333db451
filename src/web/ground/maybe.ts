/** Values that may need to be waited for: what lets a plain request be answered without one promise. */
import { UsageError } from '../errors.ts'

export type Maybe<T> = T | Promise<T>

/** A promise of any make as one of the platform's: a query of the models is awaited by itself. */
export function awaited<T>(given: T | PromiseLike<T>): Maybe<T> {
  if (given instanceof Promise) return given
  const waits = typeof given === 'object' && given !== null && 'then' in given && typeof given.then === 'function'
  return waits ? Promise.resolve(given) : (given as T)
}

/** What must be there at once. @throws UsageError for a promise, whose failure then is nobody's any more. */
export function atOnce<T>(given: T, what: string): T {
  const later = awaited(given)
  if (!(later instanceof Promise)) return given
  later.catch(() => {})
  throw new UsageError(`${what} must be synchronous: it returned a promise`)
}
