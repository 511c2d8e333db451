/**
 * How fast a connection is read, the same for servers and clients: what is written during an event goes out at its end,
 * what cannot be used now is held back in the host, and whoever wants more bytes never gets them from inside the call
 * that asked for them.
 */
import type { Connection } from '../../socket/host.ts'
import type { Reader } from './reader.ts'

export class Pace {
  readonly #reader: Reader
  readonly #connection: Connection
  readonly #ends: () => void
  #corked = false
  /** The host is told to hold back what comes. */
  #stopped = false
  #resuming = false

  /** @param ends is called at the end of every event: what was written is to be sent. */
  constructor(reader: Reader, connection: Connection, ends: () => void) {
    this.#reader = reader
    this.#connection = connection
    this.#ends = ends
  }

  /** Whether an event is being handled. */
  get corked(): boolean {
    return this.#corked
  }

  /** Bytes have come. */
  feed(bytes: Uint8Array): void {
    this.#corked = true
    this.#reader.feed(bytes)
    this.#corked = false
    this.#ends()
  }

  /** The reader of a body wants no more for now. */
  hold(): void {
    this.#resuming = false
    this.#reader.pause()
  }

  /** Somebody wants more: at once within an event, which goes on by itself, else in an event of its own. */
  readOn(): void {
    if (this.#corked) {
      this.#reader.resume()
      return
    }
    if (this.#resuming) return
    this.#resuming = true
    queueMicrotask(() => {
      // It may have been paused again since, and the connection may be somebody else's.
      if (!this.#resuming || this.#reader.state === 'closed') return
      this.#resuming = false
      this.#corked = true
      this.#reader.resume()
      this.#corked = false
      this.#ends()
    })
  }

  /** At the end of an event: lets the host deliver as long as what it delivers can be used. */
  keep(): void {
    const { unread, paused, state } = this.#reader
    if (unread > 0 && (paused || state === 'tunnel')) {
      if (!this.#stopped) this.#connection.pause()
      this.#stopped = true
    } else if (!paused) this.flow()
  }

  /** Lets the host deliver. */
  flow(): void {
    if (this.#stopped) this.#connection.resume()
    this.#stopped = false
  }
}
