/** Promises that resolve when a connection has handed over so many bytes. */
import { SocketError } from '../base/errors.ts'

/** What `flush` rejects with when this side has reset the connection before everything was handed over. */
export function ownReset(): SocketError {
  return new SocketError('ECONNABORTED', 'write', { hint: 'this side has reset the connection' })
}

/** What `flush` rejects with when `write` has dropped bytes. */
export function writtenTooLate(): SocketError {
  return new SocketError('EPIPE', 'write', { hint: 'bytes were written after end() or close(), which dropped them' })
}

interface Waiting {
  readonly target: number
  resolve(): void
  reject(error: Error): void
}

export class Flushes {
  /** By rising target. */
  #waiting: Waiting[] = []

  /** Resolves when `reached` is told `target` or more. */
  until(target: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ target, resolve, reject })
    })
  }

  /** So much of all that was ever written has been handed over. */
  reached(total: number): void {
    let done = 0
    for (const one of this.#waiting) {
      if (one.target > total) break
      one.resolve()
      done++
    }
    if (done > 0) this.#waiting.splice(0, done)
  }

  /** Nothing more will be handed over. */
  fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.reject(error)
  }
}
