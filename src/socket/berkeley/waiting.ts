/**
 * Waiting as blocking sockets do: a call tries, and where it may wait is tried again at every change, until it gets
 * something or its patience is over. Time is the host's clock.
 */
import { after, SECOND, type Timer } from '../../base/clock.ts'
import { SocketError } from '../../base/errors.ts'
import type { Host } from '../host.ts'

/** The patience of a socket: null waits for ever, 0 not at all, else so many seconds (settimeout(3) of Python). */
export type Timeout = number | null

/** The patience of `settimeout` is over: the kernel's own ETIMEDOUT is no instance of it. */
export class SocketTimeout extends SocketError {
  constructor(syscall: string, seconds: number) {
    super('ETIMEDOUT', syscall, { hint: `nothing happened for ${seconds} s: settimeout(${seconds})` })
  }
}

/** Has `late` called when the patience is over. */
export function patience(host: Host, syscall: string, timeout: Timeout, late: (error: SocketTimeout) => void): Timer {
  if (timeout === null) return { cancel() {} }
  return after(host.clock, timeout * SECOND, () => late(new SocketTimeout(syscall, timeout)))
}

export function wouldBlock(syscall: string): SocketError {
  return new SocketError('EAGAIN', syscall, { hint: 'the socket is non-blocking' })
}

interface Waiter {
  /** True when it has got what it waits for, or an error. */
  look(): boolean
  next: Waiter | null
  before: Waiter | null
}

/** Calls that wait for the same thing, first come first served: who came later is not tried before who came first. */
export class Waiters {
  readonly #host: Host
  #first: Waiter | null = null
  #last: Waiter | null = null

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Resolves with the first non-undefined result of `attempt`, tried now and at every `wake`.
   * Rejects with what `attempt` throws, EAGAIN when it may not wait, SocketTimeout when patience ends.
   */
  async until<T>(syscall: string, timeout: Timeout, attempt: () => T | undefined): Promise<T> {
    // A call behind others that wait already must not overtake them.
    const first = this.#first === null ? attempt() : undefined
    if (first !== undefined) return first
    if (timeout === 0) throw wouldBlock(syscall)
    return await new Promise<T>((resolve, reject) => {
      const waiter: Waiter = {
        look() {
          try {
            const result = attempt()
            if (result === undefined) return false
            resolve(result)
          } catch (error) {
            reject(error)
          }
          timer.cancel()
          return true
        },
        next: null,
        before: null,
      }
      const timer = patience(this.#host, syscall, timeout, (error) => {
        this.#remove(waiter)
        reject(error)
      })
      this.#append(waiter)
    })
  }

  /** Something has changed. */
  wake(): void {
    for (let first = this.#first; first?.look() === true; first = this.#first) this.#remove(first)
  }

  #append(waiter: Waiter): void {
    waiter.before = this.#last
    if (this.#last === null) this.#first = waiter
    else this.#last.next = waiter
    this.#last = waiter
  }

  #remove(waiter: Waiter): void {
    if (waiter.before === null) this.#first = waiter.next
    else waiter.before.next = waiter.next
    if (waiter.next === null) this.#last = waiter.before
    else waiter.next.before = waiter.before
    waiter.next = waiter.before = null
  }
}

/** Promises that somebody has asked for with `readable` and `writable`. */
export class Watchers {
  #resolves: (() => void)[] = []

  /** Resolves now where it is so, else at the first `wake` after which it is. */
  until(ready: () => boolean): Promise<void> {
    if (ready()) return Promise.resolve()
    return new Promise((resolve) => this.#resolves.push(resolve))
  }

  wake(ready: () => boolean): void {
    if (this.#resolves.length === 0 || !ready()) return
    const resolves = this.#resolves
    this.#resolves = []
    for (const resolve of resolves) resolve()
  }
}
