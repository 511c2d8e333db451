/** What surrounds running code, and what a platform must have to keep it. */

/** What the slots hold, by their names. */
export type Surroundings = { readonly [slot: string]: unknown }

/** Remembers what surrounds the running code. `base/node/` has one that follows every `await`. */
export interface Holder {
  get(): Surroundings | undefined
  run<R>(value: Surroundings, work: () => R): R
}
