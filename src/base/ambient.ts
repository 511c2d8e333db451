/**
 * What surrounds the running code and all that it awaits: one record, in which each floor has its own typed slots. What
 * is handed down this way is what nearly all code needs and no signature should carry: the request, the database, the
 * transaction, the language.
 *
 * Browsers cannot follow an `await` yet: there what surrounds a call holds until the first `await` in it.
 */
import { holder } from '#ambient'
import type { Surroundings } from './surroundings.ts'

export type { Surroundings } from './surroundings.ts'

const NOWHERE: Surroundings = Object.freeze({})

/** A place in the record. Its name is its own in the whole program. */
export class Slot<T> {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** What surrounds the running code; undefined where nobody has set it. */
  get(): T | undefined {
    return (holder.get() ?? NOWHERE)[this.name] as T | undefined
  }

  /** Runs `work` so that it, and all it awaits, finds `value` here; the other slots stay as they are. */
  run<R>(value: T | undefined, work: () => R): R {
    return holder.run({ ...holder.get(), [this.name]: value }, work)
  }
}

/** Runs `work` with several slots set at once, for whoever sets them for every request. */
export function surround<R>(values: Surroundings, work: () => R): R {
  const outer = holder.get()
  return holder.run(outer === undefined ? values : { ...outer, ...values }, work)
}

/** What surrounds the code now, to be entered again later by something that was begun elsewhere. */
export function surroundings(): Surroundings | undefined {
  return holder.get()
}

/** Runs `work` where `surroundings()` was asked, with some slots set otherwise. */
export function within<R>(where: Surroundings | undefined, values: Surroundings, work: () => R): R {
  return holder.run({ ...where, ...values }, work)
}
