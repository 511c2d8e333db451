/**
 * Values that are not there yet. A promise, or a query that nobody has awaited, is no data: where a template is rendered
 * at once it is an error; where it may wait, the part of the template that needs it begins again when it is there.
 */
import { TemplateError } from '../errors.ts'
import { located } from './located.ts'
import type { Place, Rendered, Run, Waits } from './run.ts'

/** Ends an attempt to evaluate an expression that needs a value which is not there yet. */
class Waiting {
  readonly promise: PromiseLike<unknown>
  readonly place: Place

  constructor(promise: PromiseLike<unknown>, place: Place) {
    this.promise = promise
    this.place = place
  }
}

/** Whether this ends an attempt, and is no error. */
export function isAttempt(error: unknown): boolean {
  return error instanceof Waiting
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
}

/**
 * A promise that fails before a template comes to it is no unhandled rejection, which would end the process: its failure
 * is told when it is awaited. The same for a list of promises (`rows.map(async …)`).
 */
export function heardLater(value: unknown): void {
  if (value instanceof Promise) value.catch(() => {})
  else if (Array.isArray(value) && value[0] instanceof Promise) for (const item of value) heardLater(item)
}

/**
 * The expressions of one rendering that may wait. An attempt at an expression that meets a promise is given up, and made
 * again when the promise is settled; what the attempt had looked up or called until then is not looked up or called
 * again, but taken from the journal. What the same promise or query has come to is kept for the whole rendering: a query
 * that a template names twice runs once.
 */
export class Attempts implements Waits {
  /** Beyond `#known` are left-overs of earlier expressions: an array that is emptied would grow again each time. */
  readonly #journal: unknown[] = []
  #known = 0
  #next = 0
  #busy = false
  readonly #settled = new Map<PromiseLike<unknown>, unknown>()
  readonly #data: object

  /** @param data what the template is rendered with */
  constructor(data: object) {
    this.#data = data
  }

  get busy(): boolean {
    return this.#busy
  }

  get replays(): boolean {
    return this.#next < this.#known
  }

  replay(): unknown {
    return this.#journal[this.#next++]
  }

  keep(found: unknown, place: Place): unknown {
    const value = isThenable(found) ? this.#settledOf(found, place) : found
    this.#journal[this.#known++] = value
    this.#next++
    return value
  }

  #settledOf(promise: PromiseLike<unknown>, place: Place): unknown {
    if (!this.#settled.has(promise)) throw new Waiting(promise, place)
    return this.#settled.get(promise)
  }

  evaluate<T>(run: Run, evaluate: (run: Run) => T, then: (run: Run, value: T) => Rendered): Rendered {
    this.#known = 0
    return this.#attempt(run, evaluate, then)
  }

  #attempt<T>(run: Run, evaluate: (run: Run) => T, then: (run: Run, value: T) => Rendered): Rendered {
    const { scope, out, depth, data } = run
    let value: T
    this.#next = 0
    this.#busy = true
    try {
      value = evaluate(run)
    } catch (error) {
      if (!(error instanceof Waiting)) throw error
      Object.assign(run, { scope, out, depth, data })
      return this.#wait(error, () => this.#attempt(run, evaluate, then))
    } finally {
      this.#busy = false
    }
    return then(run, value)
  }

  async #wait({ promise, place }: Waiting, again: () => Rendered): Promise<void> {
    if (this.#settled.size === 0)
      for (const { value } of Object.values(Object.getOwnPropertyDescriptors(this.#data))) heardLater(value)
    let settled: unknown
    try {
      settled = await promise
    } catch (reason) {
      throw located(reason, 'What was awaited here failed: ', place.source, place.at)
    }
    this.#settled.set(promise, settled)
    this.#journal[this.#known++] = settled
    await again()
  }
}

/** Evaluates and goes on with the value, now or when everything in it is there. */
export function evaluated<T>(run: Run, evaluate: (run: Run) => T, then: (run: Run, value: T) => Rendered): Rendered {
  const { waits } = run
  return waits === null || waits.busy ? then(run, evaluate(run)) : waits.evaluate(run, evaluate, then)
}

/** Whether the value is there. @throws TemplateError for a promise or a query that nobody has awaited */
export function there(value: unknown, what: string, { source, at }: Place): unknown {
  if (!isThenable(value)) return value
  const advice = 'await the query before rendering, or render with renderAsync'
  throw new TemplateError(
    `${what} is a promise or a query that was not awaited: ${advice}`,
    source,
    at,
    'TEMPLATE_RENDER',
  )
}
