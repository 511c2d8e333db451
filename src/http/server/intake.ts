/** What a client sends: heads become exchanges, bodies reach their readers, and reading rests where it must. */
import { SECOND } from '../../base/clock.ts'
import { BodyError, BodyTooLarge, MessageRefused } from '../errors.ts'
import type { FieldLines } from '../exchange.ts'
import type { HttpLimits } from '../limits.ts'
import type { Framing } from '../machine/framing.ts'
import type { Head } from '../machine/head.ts'
import { Reader, type ReaderSink } from '../machine/reader.ts'
import { type Target, targetOf } from '../machine/target.ts'
import { Verdict } from '../machine/verdict.ts'
import type { ServerConnection } from './connection.ts'
import { ServerExchange } from './exchange.ts'
import { admissionFault, isSafe } from './refusal.ts'

export class Intake implements ReaderSink {
  readonly reader: Reader
  /** Whose body is arriving. */
  reading: ServerExchange | null = null
  /** Why nothing more is read, to be answered when all before it is. */
  refusal: Verdict | null = null
  /** Heads so far. */
  requests = 0
  readonly #connection: ServerConnection
  readonly #limits: HttpLimits
  /** The host is told to hold back what comes. */
  #stopped = false
  #resuming = false

  constructor(connection: ServerConnection, limits: HttpLimits) {
    this.#connection = connection
    this.#limits = limits
    this.reader = new Reader('request', this, limits)
  }

  // ReaderSink

  onHead(head: Head, framing: Framing): void {
    const connection = this.#connection
    connection.patience.rest()
    this.requests++
    const target = targetOf(head)
    const fault = target instanceof Verdict ? target : admissionFault(head, framing, this.#limits)
    if (fault !== null) {
      this.onRefused(fault)
      return
    }
    const exchange = new ServerExchange(connection, connection.server.nextId(), head, framing, target as Target)
    if (!exchange.received) this.reading = exchange
    connection.take(exchange)
    if (!exchange.received && !exchange.bodyOpen) this.reader.pause()
  }

  onBody(bytes: Uint8Array): void {
    const exchange = this.reading
    if (exchange === null) return
    const { body } = exchange
    const received = body.received + bytes.length
    if (received > this.#limits.bodyBytes) {
      this.reader.close()
      this.failBody(new BodyTooLarge(this.#limits.bodyBytes, 'limits.bodyBytes of the server'))
    } else if (exchange.replied && !exchange.bodyClaimed && received > this.#limits.drainBytes) {
      this.reader.close()
      this.#connection.leave()
    } else body.push(bytes)
  }

  onMessageEnd(trailers: FieldLines): void {
    const exchange = this.reading
    this.reading = null
    if (exchange !== null) {
      exchange.received = true
      exchange.body.trailers = trailers
      exchange.body.finish(null)
    }
    this.#connection.settle()
    if (!this.#mayRead()) this.reader.pause()
  }

  onRefused(verdict: Verdict): void {
    this.reader.close()
    this.#connection.refused(verdict)
    if (this.reading !== null) this.failBody(new MessageRefused(verdict.status, verdict.why, verdict.at))
    else this.refusal = verdict
    this.#connection.settle()
  }

  // The pace

  /** The body's reader wants no more for now. */
  hold(): void {
    this.#resuming = false
    this.reader.pause()
  }

  /** The body's reader wants more; not from inside its call, which may be a call of the reader's own. */
  readOn(): void {
    if (this.#connection.corked) {
      this.reader.resume()
      return
    }
    if (this.#resuming) return
    this.#resuming = true
    queueMicrotask(() => {
      // It may have been paused again since.
      if (!this.#resuming) return
      this.#resuming = false
      this.#connection.event(() => this.reader.resume())
    })
  }

  /** Takes up reading where a request in the way is gone, or the client takes replies again. */
  goOn(): void {
    if (this.reader.paused && this.reading === null && this.#mayRead()) this.readOn()
  }

  /** At the end of an event: what cannot be used is held back in the host. */
  setPace(): void {
    const { reader } = this
    if (reader.unread > 0 && (reader.paused || reader.state === 'tunnel')) {
      if (!this.#stopped) this.#connection.connection.pause()
      this.#stopped = true
    } else if (!reader.paused) this.flow()
  }

  /** Lets the host deliver. */
  flow(): void {
    if (this.#stopped) this.#connection.connection.resume()
    this.#stopped = false
  }

  /**
   * Whether the next request may be read: not while as many wait as may, nor beside one that is not safe, nor while
   * the client leaves our replies lying, which it could make pile up without end.
   */
  #mayRead(): boolean {
    const { queue, blocked } = this.#connection
    if (blocked || queue.length >= this.#limits.pipelineDepth) return false
    return queue.length === 0 || isSafe(queue[queue.length - 1]!.method)
  }

  // What does not come

  /** The client has ended its side. */
  end(): void {
    const whole = this.reader.end()
    if (!whole && this.reading !== null) this.failBody(new BodyError(400, 'the client closed before the body ended'))
    this.reader.close()
  }

  expireHead(): void {
    if (this.reader.midHead) this.onRefused(new Verdict(408, 'the head did not arrive in time', this.reader.unread))
    else this.#connection.leave()
  }

  expireBody(): void {
    const exchange = this.reading
    if (exchange === null) return
    const { patience } = this.#connection
    const { bodyTime, bodyRate } = this.#limits
    if (exchange.requestBytes - patience.mark >= (bodyTime / SECOND) * bodyRate) {
      patience.waitFor('body', exchange.requestBytes)
      return
    }
    this.reader.close()
    this.failBody(new BodyError(408, `the body came slower than ${bodyRate} bytes per second`))
  }

  failBody(error: Error): void {
    const exchange = this.reading
    this.reading = null
    this.#connection.closeAfter = true
    if (exchange === null) return
    exchange.received = true
    exchange.body.finish(error)
    this.#connection.settle()
  }
}
