/** DNS over TCP, the server's side (RFC 1035 §4.2.2, RFC 7766): one connection with its queries. */
import { after, type Clock, type Timer } from '../../base/clock.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { FrontLimits } from '../limits.ts'
import { Framer, framed } from '../message/framing.ts'
import type { OctetReply } from './octets.ts'

/** Answers the octets of one query with those of its reply. */
export type StreamHandler = (query: Uint8Array) => OctetReply | Promise<OctetReply>

/** Who is told what becomes of a stream. */
export interface StreamEvents {
  /** A whole query has come. */
  active(stream: ServerStream): void
  closed(stream: ServerStream): void
}

/** Answers queries as they come, each when it is ready (RFC 7766 §7: not in order), until either side has enough. */
export class ServerStream implements ConnectionOwner {
  readonly #clock: Clock
  readonly #connection: Connection
  readonly #handler: StreamHandler
  readonly #limits: FrontLimits
  readonly #events: StreamEvents
  readonly #framer = new Framer()
  #timer: Timer
  #queries = 0
  #pending = 0
  #blocked = false
  #ended = false
  #gone = false
  /** What waits until the client takes more, or has gone. */
  #drained: (() => void)[] = []

  constructor(clock: Clock, connection: Connection, handler: StreamHandler, limits: FrontLimits, events: StreamEvents) {
    this.#clock = clock
    this.#connection = connection
    this.#handler = handler
    this.#limits = limits
    this.#events = events
    this.#timer = this.#arm()
    connection.attach(this)
  }

  /** Whether no answer is being made. */
  get isIdle(): boolean {
    return this.#pending === 0
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
    this.#release()
    this.#drain()
  }

  onClose(): void {
    this.#gone = true
    this.#timer.cancel()
    this.#release()
    this.#events.closed(this)
  }

  close(): void {
    this.#connection.close()
  }

  #release(): void {
    for (const resume of this.#drained.splice(0)) resume()
  }

  #arm(): Timer {
    return after(this.#clock, this.#limits.streamIdle, () => {
      // While an answer is being made the silence is ours.
      if (this.#pending > 0) this.#timer = this.#arm()
      else this.#connection.close()
    })
  }

  /** Takes queries from what has arrived, as many as may be under way at a time; the rest waits, and so the sender. */
  #drain(): void {
    const { streamPending, streamQueries } = this.#limits
    this.#connection.cork()
    while (!this.#blocked && this.#pending < streamPending && this.#queries < streamQueries) {
      const query = this.#framer.next()
      if (query === null) break
      this.#queries++
      this.#timer.cancel()
      this.#timer = this.#arm()
      this.#events.active(this)
      this.#handle(query)
    }
    this.#connection.uncork()
    if (this.#blocked || this.#pending >= streamPending) this.#connection.pause()
    else this.#connection.resume()
    if (this.#queries >= streamQueries) this.#ended = true
    this.#closeWhenDone()
  }

  #handle(query: Uint8Array): void {
    const reply = this.#handler(query)
    if (reply === null) return
    if (reply instanceof Uint8Array) {
      this.#send(reply)
      return
    }
    this.#pending++
    this.#later(reply).then((whole) => {
      this.#pending--
      if (this.#gone) return
      // RFC 5936 §2.2: what has begun and cannot be ended as it should must not look as if it had.
      if (whole) this.#drain()
      else this.#connection.reset()
    })
  }

  /** Sends what comes later; whether all of it came. Never rejects. */
  async #later(reply: AsyncIterable<Uint8Array> | Promise<OctetReply>): Promise<boolean> {
    try {
      const ready = await reply
      if (ready === null || this.#gone) return true
      if (ready instanceof Uint8Array) {
        this.#send(ready)
        return true
      }
      for await (const message of ready) {
        this.#send(message)
        if (this.#blocked && !this.#gone) await new Promise<void>((resume) => this.#drained.push(resume))
        if (this.#gone) break
      }
      return true
    } catch {
      return false // it has been reported where it was made
    }
  }

  #send(reply: Uint8Array): void {
    if (!this.#connection.write(framed(reply))) this.#blocked = true
  }

  #closeWhenDone(): void {
    if (this.#ended && this.#pending === 0) this.#connection.close()
  }
}
