/** DNS over TCP, the server's side (RFC 1035 §4.2.2, RFC 7766): one connection with its queries. */
import { after, type Clock, type Timer } from '../../base/clock.ts'
import type { Connection, ConnectionOwner } from '../../socket/host.ts'
import type { FrontLimits } from '../limits.ts'
import { Framer, framed } from '../message/framing.ts'
import type { OctetReply } from './octets.ts'
import { isHeld, mayReply, STREAM_PHASES, type StreamEvent, type StreamPhase } from './phase.ts'

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
  #phase: StreamPhase = 'open'
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

  /** Whether nobody loses by its end but a client that does not take its replies. */
  get isIdle(): boolean {
    return this.#pending === 0 || isHeld(this.#phase)
  }

  onData(bytes: Uint8Array): void {
    this.#framer.push(bytes)
    this.#drain()
  }

  onEnd(): void {
    this.#on('end')
    this.#closeWhenDone()
  }

  onDrain(): void {
    this.#on('drained')
    this.#rearm()
    this.#release()
    this.#drain()
  }

  onClose(): void {
    this.#on('lost')
    this.#timer.cancel()
    this.#release()
    this.#events.closed(this)
  }

  close(): void {
    this.#on('close')
    this.#timer.cancel()
    this.#release()
    this.#connection.close()
  }

  #on(event: StreamEvent): void {
    this.#phase = STREAM_PHASES[this.#phase][event]
  }

  #release(): void {
    for (const resume of this.#drained.splice(0)) resume()
  }

  #arm(): Timer {
    return after(this.#clock, this.#limits.streamIdle, () => {
      // While an answer is being made the silence is ours, unless the client does not take what it was sent.
      if (this.isIdle) this.close()
      else this.#timer = this.#arm()
    })
  }

  #rearm(): void {
    this.#timer.cancel()
    if (mayReply(this.#phase)) this.#timer = this.#arm()
  }

  /** Takes queries from what has arrived, as many as may be under way at a time; the rest waits, and so the sender. */
  #drain(): void {
    this.#connection.cork()
    for (let query = this.#next(); query !== null; query = this.#next()) {
      this.#queries++
      this.#rearm()
      this.#events.active(this)
      this.#handle(query)
    }
    this.#connection.uncork()
    const spent = this.#queries >= this.#limits.streamQueries
    if (spent) this.#on('end')
    // What comes after the last query is nobody's, and would only fill memory.
    if (spent || isHeld(this.#phase) || this.#pending >= this.#limits.streamPending) this.#connection.pause()
    else this.#connection.resume()
    this.#closeWhenDone()
  }

  /** The next query that has come, null while there is none or none may be taken. */
  #next(): Uint8Array | null {
    const { streamPending, streamQueries } = this.#limits
    if (isHeld(this.#phase) || !mayReply(this.#phase)) return null
    return this.#pending < streamPending && this.#queries < streamQueries ? this.#framer.next() : null
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
      if (!mayReply(this.#phase)) return
      // RFC 5936 §2.2: what has begun and cannot be ended as it should must not look as if it had.
      if (whole) this.#drain()
      else this.#connection.reset()
    })
  }

  /** Sends what comes later; whether all of it came. Never rejects. */
  async #later(reply: AsyncIterable<Uint8Array> | Promise<OctetReply>): Promise<boolean> {
    try {
      const ready = await reply
      if (ready === null || !mayReply(this.#phase)) return true
      if (ready instanceof Uint8Array) {
        this.#send(ready)
        return true
      }
      for await (const message of ready) {
        this.#send(message)
        if (isHeld(this.#phase)) await new Promise<void>((resume) => this.#drained.push(resume))
        if (!mayReply(this.#phase)) break
      }
      return true
    } catch {
      return false // it has been reported where it was made
    }
  }

  #send(reply: Uint8Array): void {
    if (mayReply(this.#phase) && !this.#connection.write(framed(reply))) this.#on('full')
  }

  #closeWhenDone(): void {
    if (this.#phase === 'last' && this.#pending === 0) this.close()
  }
}
