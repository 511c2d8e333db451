/** Bytes on their way into a connection: the calls of `send` and `sendall` in the order in which they were made. */
import type { Timer } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Connection, Host } from '../host.ts'
import { patience, type Timeout, wouldBlock } from './waiting.ts'

interface Item {
  readonly bytes: Uint8Array
  /** How much of it the connection has taken. */
  at: number
  readonly timer: Timer
  resolve(count: number): void
  reject(error: unknown): void
}

export class Sending {
  readonly #host: Host
  /** The connection is given so much at once: it copies what it takes, and need not hold all of it. */
  readonly #piece: number
  #connection: Connection | null = null
  #items: Item[] = []
  /** The connection has more than it wants: until its `onDrain`. */
  #full = false

  constructor(host: Host, piece: number) {
    this.#host = host
    this.#piece = piece
  }

  /** Whether a call would have to wait. */
  get busy(): boolean {
    return this.#connection === null || this.#full || this.#items.length > 0
  }

  connected(connection: Connection): void {
    this.#connection = connection
    this.#pump()
  }

  /**
   * Resolves with how many bytes were taken, when the network below has them: all of them, or as much as can be taken
   * at once where the call may not wait.
   * @throws SocketError EAGAIN, SocketTimeout, what ended the connection.
   */
  add(bytes: Uint8Array, timeout: Timeout): Promise<number> {
    if (timeout === 0) return this.#atOnce(bytes)
    return new Promise((resolve, reject) => {
      const late = (error: SocketError): void => {
        // What the connection has taken will be sent: a caller who is told less would send it twice.
        this.#items = this.#items.filter((other) => other !== item)
        reject(error)
        this.#pump()
      }
      const item: Item = { bytes, at: 0, timer: patience(this.#host, 'send', timeout, late), resolve, reject }
      this.#items.push(item)
      this.#pump()
    })
  }

  async #atOnce(bytes: Uint8Array): Promise<number> {
    if (this.busy) throw wouldBlock('send')
    const count = Math.min(bytes.length, this.#piece)
    this.#write(this.#connection!, bytes.subarray(0, count))
    return count
  }

  drained(): void {
    this.#full = false
    this.#pump()
  }

  /** Gives the connection all that waits, though it has enough: its end or its close follow. */
  finish(): void {
    if (this.#connection === null) return
    for (const item of this.#items) this.#write(this.#connection, item.bytes.subarray(item.at))
    for (const item of this.#items.splice(0)) this.#settle(this.#connection, item)
  }

  fail(error: SocketError): void {
    for (const item of this.#items.splice(0)) {
      item.timer.cancel()
      item.reject(error)
    }
  }

  #pump(): void {
    const connection = this.#connection
    while (connection !== null && !this.#full && this.#items.length > 0) {
      const item = this.#items[0]!
      const end = Math.min(item.at + this.#piece, item.bytes.length)
      this.#write(connection, item.bytes.subarray(item.at, end))
      item.at = end
      if (end < item.bytes.length) continue
      this.#items.shift()
      this.#settle(connection, item)
    }
  }

  #write(connection: Connection, bytes: Uint8Array): void {
    if (!connection.write(bytes) && bytes.length > 0) this.#full = true
  }

  #settle(connection: Connection, item: Item): void {
    connection.flush().then(
      () => {
        item.timer.cancel()
        item.resolve(item.bytes.length)
      },
      (error) => {
        item.timer.cancel()
        item.reject(error)
      },
    )
  }
}
