/** The life of a site: what is to be done before it answers, and when it closes. */
import { UsageError } from '../errors.ts'

/** Something that a program does once. */
export type LifeHook = () => void | Promise<void>

export type LifeState = 'new' | 'starting' | 'started' | 'closing' | 'closed'

/** Which states follow which. A start that failed is tried again. */
export const LIFE: { readonly [state in LifeState]: readonly LifeState[] } = {
  new: ['starting', 'closing'],
  starting: ['started', 'new'],
  started: ['closing'],
  closing: ['closed'],
  closed: [],
}

export class Life {
  #state: LifeState = 'new'
  readonly #starts: LifeHook[] = []
  readonly #stops: LifeHook[] = []
  #starting: Promise<void> | null = null
  #closing: Promise<void> | null = null

  get state(): LifeState {
    return this.#state
  }

  /** How many hooks wait. */
  get hooks(): number {
    return this.#starts.length + this.#stops.length
  }

  #become(next: LifeState): void {
    if (!LIFE[this.#state].includes(next)) throw new Error(`a site that is ${this.#state} cannot become ${next}`)
    this.#state = next
  }

  onStart(hook: LifeHook): void {
    if (this.#state !== 'new')
      throw new UsageError(`site.onStart() was called when the site was ${this.#state} already`)
    this.#starts.push(hook)
  }

  onStop(hook: LifeHook): void {
    if (this.#state === 'closing' || this.#state === 'closed')
      throw new UsageError(`site.onStop() was called when the site was ${this.#state} already`)
    this.#stops.push(hook)
  }

  /** Undefined where there is nothing to wait for. */
  started(): undefined | Promise<void> {
    if (this.#state === 'started') return undefined
    if (this.#state !== 'new' || this.#starts.length > 0) return this.start()
    this.#become('starting')
    this.#become('started')
    return undefined
  }

  /** Runs what is to be done first, once, in order. @throws UsageError once the site closes, and what a hook throws. */
  start(): Promise<void> {
    if (this.#state === 'started') return Promise.resolve()
    if (this.#starting !== null) return this.#starting
    if (this.#state !== 'new')
      return Promise.reject(new UsageError(`the site is ${this.#state} and answers no more requests`))
    this.#become('starting')
    this.#starting = this.#runStarts()
    return this.#starting
  }

  async #runStarts(): Promise<void> {
    try {
      await undefined // a hook that throws at once does so when the promise is known
      for (const hook of this.#starts) await hook()
      this.#become('started')
    } catch (error) {
      this.#become('new')
      throw error
    } finally {
      this.#starting = null
    }
  }

  /** Runs what is to be done last, in the opposite order, all of it. @throws AggregateError of what fails in it. */
  close(): Promise<void> {
    return (this.#closing ??= this.#runStops())
  }

  async #runStops(): Promise<void> {
    await this.#starting?.catch(() => {})
    this.#become('closing')
    const failures: unknown[] = []
    for (const hook of this.#stops.toReversed()) {
      try {
        await hook()
      } catch (error) {
        failures.push(error)
      }
    }
    this.#become('closed')
    if (failures.length === 1) throw failures[0]
    if (failures.length > 1) throw new AggregateError(failures, 'several things failed while the site was closed')
  }
}
