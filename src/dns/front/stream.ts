/** DNS over TCP, the server's side (RFC 1035 §4.2.2, RFC 7766): one connection with its queries. */
import { after, type Nanos, type Timer } from '../../base/clock.ts'
import type { SocketError } from '../../base/errors.ts'
import type { Connection, ConnectionOwner, Host } from '../../socket/host.ts'
import { Framer } from './framer.ts'

export interface StreamLimits {
  readonly queries: number
  readonly pending: number
  readonly idle: Nanos
}

/** Answers the octets of one query with those of its reply; null for silence. */
export type StreamHandler = (query: Uint8Array) => Uint8Array | null | Promise<Uint8Array | null>

/** Answers queries as they come, each when it is ready (RFC 7766 §7: not in order), until either side has enough. */
export class ServerStream implements ConnectionOwner {
  readonly #host: Pick<Host, 'clock'>
  readonly #connection: Connection
  readonly #handler: StreamHandler
  readonly #limits: StreamLimits
  readonly #closed: () => void
  readonly #framer = new Framer()
  #timer: Timer
  #queries = 0
  #pending = 0
  #blocked = false
  #ended = false
  #gone = false

  constructor(
    host: Pick<Host, 'clock'>,
    connection: Connection,
    handler: StreamHandler,
    limits: StreamLimits,
    closed: () => void,
  ) {
    this.#host = host
    this.#connection = connection
    this.#handler = handler
    this.#limits = limits
    this.#closed = closed
    this.#timer = this.#arm()
    connection.attach(this)
  }

  onData(bytes: Uint8Array): void {
    this.#framer.push(bytes)
    this.#drain()
  }

  onEnd(): void {
    this.#ended = true
    this.#closeWhenDone()
  }

  onDrain(): void {
    this.#blocked = false
    this.#drain()
  }

  onClose(_error: SocketError | null): void {
    this.#gone = true
    this.#timer.cancel()
    this.#closed()
  }

  close(): void {
    this.#connection.close()
  }

  #arm(): Timer {
    return after(this.#host.clock, this.#limits.idle, () => {
      // While an answer is being made the silence is ours.
      if (this.#pending > 0) this.#timer = this.#arm()
      else this.#connection.close()
    })
  }

  /** Takes queries from what has arrived, as many as may be under way at a time; the rest waits, and so the sender. */
  #drain(): void {
    this.#connection.cork()
    while (!this.#blocked && this.#pending < this.#limits.pending && this.#queries < this.#limits.queries) {
      const query = this.#framer.next()
      if (query === null) break
      this.#queries++
      this.#timer.cancel()
      this.#timer = this.#arm()
      this.#handle(query)
    }
    this.#connection.uncork()
    if (this.#blocked || this.#pending >= this.#limits.pending) this.#connection.pause()
    else this.#connection.resume()
    if (this.#queries >= this.#limits.queries) this.#ended = true
    this.#closeWhenDone()
  }

  #handle(query: Uint8Array): void {
    const reply = this.#handler(query)
    if (reply === null || reply instanceof Uint8Array) {
      this.#send(reply)
      return
    }
    this.#pending++
    reply.then((late) => {
      this.#pending--
      if (this.#gone) return
      this.#send(late)
      this.#drain()
    })
  }

  #send(reply: Uint8Array | null): void {
    if (reply === null) return
    const framed = new Uint8Array(reply.length + 2)
    framed[0] = reply.length >>> 8
    framed[1] = reply.length
    framed.set(reply, 2)
    if (!this.#connection.write(framed)) this.#blocked = true
  }

  #closeWhenDone(): void {
    if (this.#ended && this.#pending === 0) this.#connection.close()
  }
}
