/**
 * How a blocking call waits when nothing may block the thread: with a promise, up to the socket's timeout, on the
 * host's clock.
 */
import { after, SECOND } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Host } from '../host.ts'

/** The patience of a socket: null waits for ever, 0 not at all, else so many seconds (settimeout(3) of Python). */
export type Timeout = number | null

/**
 * Calls that wait for the same thing, first come first served. `wake` lets every waiter look again whether its
 * condition holds; each look-again is the waiter's own.
 */
export class Waiters {
  readonly #host: Host
  #looks: (() => void)[] = []

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Resolves with the first non-undefined result of `attempt`, tried now and at every `wake`.
   * Rejects with what `attempt` throws, EAGAIN when it may not wait, ETIMEDOUT when patience ends.
   */
  async until<T>(syscall: string, timeout: Timeout, attempt: () => T | undefined): Promise<T> {
    // A call behind others that wait already must not overtake them.
    const first = this.#looks.length === 0 ? attempt() : undefined
    if (first !== undefined) return first
    if (timeout === 0) throw new SocketError('EAGAIN', syscall, { hint: 'the socket is non-blocking' })
    return await new Promise<T>((resolve, reject) => {
      const timer =
        timeout === null
          ? null
          : after(this.#host.clock, timeout * SECOND, () => {
              leave()
              reject(new SocketError('ETIMEDOUT', syscall, { hint: `settimeout(${timeout})` }))
            })
      const leave = (): void => {
        timer?.cancel()
        this.#looks = this.#looks.filter((other) => other !== look)
      }
      const look = (): void => {
        try {
          const result = attempt()
          if (result === undefined) return
          leave()
          resolve(result)
        } catch (error) {
          leave()
          reject(error)
        }
      }
      this.#looks.push(look)
    })
  }

  wake(): void {
    for (const look of this.#looks.slice()) look()
  }
}
