/** Requests of one URL that come together: one is sent, and the others wait for what it brings. */
import { after, type Clock, type Nanos } from '../../../base/clock.ts'
import { RequestError } from '../../errors.ts'

export class Collapse {
  readonly #clock: Clock
  readonly #time: Nanos
  readonly #most: number
  readonly #leaders = new Map<string, Promise<void>>()
  /** Keys whose replies were not kept the last time: waiting for them is in vain. */
  readonly #passed = new Set<string>()

  /** @param time how long one waits at most. @param most keys of which it is remembered that waiting is in vain. */
  constructor(clock: Clock, time: Nanos, most: number) {
    this.#clock = clock
    this.#time = time
    this.#most = most
  }

  /** Resolves after having waited for a request of that key; null when none is under way. */
  wait(key: string, signal: AbortSignal | undefined): Promise<void> | null {
    const leader = this.#leaders.get(key)
    if (leader === undefined || this.#time === 0) return null
    return new Promise<void>((resolve, reject) => {
      const abort = () => {
        timer.cancel()
        reject(new RequestError('aborted', 'the request was aborted', signal?.reason, false))
      }
      const go = () => {
        timer.cancel()
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const timer = after(this.#clock, this.#time, go)
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
      void leader.then(go)
    })
  }

  /** The request goes first. @returns to be called when it is decided whether its reply is kept. */
  lead(key: string): (kept: boolean) => void {
    if (this.#passed.has(key)) return (kept) => void (kept && this.#passed.delete(key))
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#leaders.set(key, promise)
    return (kept) => {
      if (this.#leaders.get(key) === promise) this.#leaders.delete(key)
      if (!kept) this.#pass(key)
      resolve()
    }
  }

  #pass(key: string): void {
    this.#passed.add(key)
    if (this.#passed.size > this.#most) this.#passed.delete(this.#passed.values().next().value!)
  }
}
