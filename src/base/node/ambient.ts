/**
 * What surrounds the running code and all that it awaits: one record, in which each floor has its own typed slots. What
 * is handed down this way is what nearly all code needs and no signature should carry: the request, the database, the
 * transaction, the language.
 */
import { AsyncLocalStorage } from 'node:async_hooks'

type Surroundings = { readonly [slot: string]: unknown }

const storage = new AsyncLocalStorage<Surroundings>()
const NOWHERE: Surroundings = Object.freeze({})

/** A place in the record. Its name is its own in the whole program. */
export class Slot<T> {
  readonly name: string

  constructor(name: string) {
    this.name = name
  }

  /** What surrounds the running code; undefined where nobody has set it. */
  get(): T | undefined {
    return (storage.getStore() ?? NOWHERE)[this.name] as T | undefined
  }

  /** Runs `work` so that it, and all it awaits, finds `value` here; the other slots stay as they are. */
  run<R>(value: T | undefined, work: () => R): R {
    return storage.run({ ...storage.getStore(), [this.name]: value }, work)
  }
}
